// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension CPrograms {
  /// `link SANDBOX` connects the network namespace with this path to the bridge cni0, by the requests that a bridge plugin makes, announces
  /// the address in both forms of ARP, and removes the veth again. Then it adds an IFB device and removes it, as a bandwidth plugin does.
  /// It prints how long connecting and either removal took, in nanoseconds.
  static let linkSource = """
    #define _GNU_SOURCE
    #include <arpa/inet.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <linux/if_ether.h>
    #include <linux/if_link.h>
    #include <linux/if_packet.h>
    #include <linux/rtnetlink.h>
    #include <linux/veth.h>
    #include <net/if.h>
    #include <sched.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <time.h>

    static char message[1024];
    static struct nlmsghdr *const header = (void *)message;

    static void fail(const char *what) { perror(what); exit(1); }

    static long long now(void) {
      struct timespec time;
      clock_gettime(CLOCK_MONOTONIC, &time);
      return time.tv_sec * 1000000000ll + time.tv_nsec;
    }

    static void begin(int type, int flags, const void *body, size_t length) {
      memset(message, 0, sizeof message);
      *header = (struct nlmsghdr){
        .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags, .nlmsg_len = NLMSG_LENGTH(length)};
      memcpy(NLMSG_DATA(header), body, length);
    }

    static struct rtattr *put(int type, const void *value, size_t length) {
      struct rtattr *attribute = (void *)(message + NLMSG_ALIGN(header->nlmsg_len));
      *attribute = (struct rtattr){.rta_type = type, .rta_len = RTA_LENGTH(length)};
      memcpy(RTA_DATA(attribute), value, length);
      header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
      return attribute;
    }

    // Everything put since belongs to the attribute.
    static void end(struct rtattr *attribute) { attribute->rta_len = message + header->nlmsg_len - (char *)attribute; }

    static void request(int file, const char *what) {
      char answer[4096];
      if (send(file, message, header->nlmsg_len, 0) < 0 || recv(file, answer, sizeof answer, 0) < 0) fail(what);
      struct nlmsgerr *error = NLMSG_DATA((struct nlmsghdr *)answer);
      if (error->error) { errno = -error->error; fail(what); }
    }

    static int route(void) {
      int file = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
      if (file < 0) fail("socket");
      return file;
    }

    // Whether the interface is up and its cable is plugged in; a bridge forwards frames of its ports from then on.
    static int works(int file, int index) {
      char answer[8192];
      struct ifinfomsg which = {.ifi_index = index};
      begin(RTM_GETLINK, 0, &which, sizeof which);
      header->nlmsg_flags = NLM_F_REQUEST;
      if (send(file, message, header->nlmsg_len, 0) < 0 || recv(file, answer, sizeof answer, 0) < 0) fail("ask for the port");
      struct ifinfomsg *link = NLMSG_DATA((struct nlmsghdr *)answer);
      int length = IFLA_PAYLOAD((struct nlmsghdr *)answer);
      for (struct rtattr *one = IFLA_RTA(link); RTA_OK(one, length); one = RTA_NEXT(one, length))
        if (one->rta_type == IFLA_OPERSTATE) return *(unsigned char *)RTA_DATA(one) == 6; // IF_OPER_UP of linux/if.h
      return 0;
    }

    static void announce(int file, int index, int operation, in_addr_t address) {
      unsigned char frame[42] = {255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 2};
      struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = index, .sll_halen = 6};
      memcpy(frame + 28, &address, 4);
      memcpy(frame + 38, &address, 4);
      memset(to.sll_addr, 255, 6);
      if (sendto(file, frame, sizeof frame, 0, (void *)&to, sizeof to) < 0) fail("announce the address");
    }

    int main(int count, char **words) {
      struct ifinfomsg none = {0};
      if (count != 2) return 2;
      long long start = now();
      int host = open("/proc/thread-self/ns/net", O_RDONLY), sandbox = open(words[1], O_RDONLY), file = route();
      if (host < 0 || sandbox < 0) fail("open");
      begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &none, sizeof none);
      put(IFLA_IFNAME, "veth0", 6);
      struct rtattr *info = put(IFLA_LINKINFO, 0, 0);
      put(IFLA_INFO_KIND, "veth", 4);
      struct rtattr *data = put(IFLA_INFO_DATA, 0, 0), *peer = put(VETH_INFO_PEER, &none, sizeof none);
      put(IFLA_IFNAME, "eth0", 5);
      put(IFLA_NET_NS_FD, &sandbox, sizeof sandbox);
      end(peer); end(data); end(info);
      request(file, "add the veth");
      struct ifinfomsg up = {.ifi_index = if_nametoindex("veth0"), .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
      int bridge = if_nametoindex("cni0"), veth = up.ifi_index;
      begin(RTM_NEWLINK, 0, &up, sizeof up);
      put(IFLA_MASTER, &bridge, sizeof bridge);
      put(IFLA_IFALIAS, "bench", 6);
      request(file, "connect it to the bridge");

      if (setns(sandbox, CLONE_NEWNET)) fail("setns");
      int inside = route();
      up.ifi_index = if_nametoindex("eth0");
      struct ifaddrmsg family = {.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = up.ifi_index};
      struct in_addr address = {inet_addr("10.22.0.2")}, gateway = {inet_addr("10.22.0.1")};
      begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &family, sizeof family);
      put(IFA_LOCAL, &address, sizeof address);
      put(IFA_ADDRESS, &address, sizeof address);
      request(inside, "add the address");
      begin(RTM_NEWLINK, 0, &up, sizeof up);
      request(inside, "bring the interface up");
      struct rtmsg all = {
        .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST};
      begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &all, sizeof all);
      put(RTA_GATEWAY, &gateway, sizeof gateway);
      request(inside, "add the route");
      int packets = socket(AF_PACKET, SOCK_RAW, 0);
      if (packets < 0) fail("packet socket");
      if (setns(host, CLONE_NEWNET)) fail("setns");
      while (!works(file, veth)) continue;
      for (int operation = 1; operation <= 2; operation++) announce(packets, up.ifi_index, operation, address.s_addr);
      long long connected = now();

      struct ifinfomsg gone = {.ifi_index = veth};
      begin(RTM_DELLINK, 0, &gone, sizeof gone);
      request(file, "remove the veth");
      long long removed = now();

      up.ifi_index = 0;
      begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
      put(IFLA_IFNAME, "ifb0", 5);
      info = put(IFLA_LINKINFO, 0, 0);
      put(IFLA_INFO_KIND, "ifb", 3);
      end(info);
      request(file, "add the IFB device");
      gone.ifi_index = if_nametoindex("ifb0");
      long long added = now();
      begin(RTM_DELLINK, 0, &gone, sizeof gone);
      request(file, "remove the IFB device");
      printf("%lld %lld %lld\\n", connected - start, removed - connected, now() - added);
      return 0;
    }
    """
}
