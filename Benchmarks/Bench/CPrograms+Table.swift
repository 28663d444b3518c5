// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

extension CPrograms {
  /// `table legacy TABLE` reads an IPv4 table of iptables-legacy and puts it back as it is. `table nft TABLE CHAIN ADD` reads the rules
  /// of a chain of iptables-nft and inserts one without expressions, `… DEL` reads them and removes the first. Each prints the time of
  /// the monotonic clock, in nanoseconds, at which that is done: to close the socket would wait for the kernel to free what was removed.
  static let tableSource = """
    #define _GNU_SOURCE
    #include <linux/netfilter/nf_tables.h>
    #include <linux/netfilter/nfnetlink.h>
    #include <linux/netfilter/x_tables.h>
    #include <linux/netlink.h>
    #include <netinet/in.h>
    #include <stdint.h>
    #include <stdio.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <sys/socket.h>
    #include <time.h>

    // struct ipt_getinfo, ipt_get_entries and ipt_replace (linux/netfilter_ipv4/ip_tables.h).
    struct info { char name[32]; uint32_t hooks, starts[5], policies[5], count, size; };
    struct entries { char name[32]; uint32_t size, fill; };
    struct replace { char name[32]; uint32_t hooks, count, size, starts[5], policies[5], counters; void *old; };

    static int fail(const char *what) { perror(what); return 1; }

    static int legacy(const char *table) {
      int file = socket(AF_INET, SOCK_DGRAM, 0);
      struct info info = {0};
      socklen_t length = sizeof info;
      strcpy(info.name, table);
      if (getsockopt(file, IPPROTO_IP, 64, &info, &length)) return fail("info");
      // The entries stand behind either header.
      size_t front = sizeof(struct replace), all = front + info.size, counters = 16ul * info.count;
      char *memory = mmap(0, all + counters, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      if (memory == MAP_FAILED) return fail("mmap");
      struct entries *entries = (void *)(memory + front - sizeof *entries);
      *entries = (struct entries){.size = info.size};
      strcpy(entries->name, table);
      length = sizeof *entries + info.size;
      if (getsockopt(file, IPPROTO_IP, 65, entries, &length)) return fail("entries");
      struct replace *replace = (void *)memory;
      *replace = (struct replace){
        .hooks = info.hooks, .count = info.count, .size = info.size, .counters = info.count, .old = memory + all};
      strcpy(replace->name, table);
      memcpy(replace->starts, info.starts, sizeof info.starts + sizeof info.policies);
      return setsockopt(file, IPPROTO_IP, 64, replace, all) ? fail("replace") : 0;
    }

    static char message[1024];
    static size_t end;

    static struct nlmsghdr *begin(int type, int flags, int family, int resource) {
      struct nlmsghdr *header = (void *)(message + end);
      struct nfgenmsg *body = (void *)(header + 1);
      *header = (struct nlmsghdr){.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags};
      *body = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
      end += header->nlmsg_len = sizeof *header + sizeof *body;
      return header;
    }

    static void put(struct nlmsghdr *header, int type, const void *value, size_t length) {
      struct nlattr *attribute = (void *)(message + end);
      *attribute = (struct nlattr){.nla_type = type, .nla_len = sizeof *attribute + length};
      memcpy(attribute + 1, value, length);
      end += NLA_ALIGN(attribute->nla_len);
      header->nlmsg_len += NLA_ALIGN(attribute->nla_len);
    }

    static int nft(const char *table, const char *chain, int removes) {
      static char answer[1 << 16];
      const int rules = NFNL_SUBSYS_NFTABLES << 8;
      int file = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), done = 0, has = 0;
      uint64_t first = 0;
      struct nlmsghdr *header = begin(rules | NFT_MSG_GETRULE, NLM_F_DUMP, AF_INET, 0);
      put(header, NFTA_RULE_TABLE, table, strlen(table) + 1);
      put(header, NFTA_RULE_CHAIN, chain, strlen(chain) + 1);
      if (send(file, message, end, 0) < 0) return fail("dump");
      while (!done) {
        int length = recv(file, answer, sizeof answer, 0);
        if (length < 0) return fail("rules");
        for (header = (void *)answer; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
          if (header->nlmsg_type == NLMSG_ERROR) return fail("rules");
          done |= header->nlmsg_type == NLMSG_DONE;
          if (done || has) continue;
          char *limit = (char *)header + header->nlmsg_len;
          struct nlattr *attribute = (void *)((char *)NLMSG_DATA(header) + sizeof(struct nfgenmsg));
          while ((char *)attribute < limit && (attribute->nla_type & NLA_TYPE_MASK) != NFTA_RULE_HANDLE)
            attribute = (void *)((char *)attribute + NLA_ALIGN(attribute->nla_len));
          if ((char *)attribute >= limit) return fail("handle");
          memcpy(&first, attribute + 1, sizeof first);
          has = 1;
        }
      }
      end = 0;
      begin(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
      int type = removes ? NFT_MSG_DELRULE : NFT_MSG_NEWRULE;
      header = begin(rules | type, NLM_F_ACK | (removes ? 0 : NLM_F_CREATE), AF_INET, 0);
      put(header, NFTA_RULE_TABLE, table, strlen(table) + 1);
      put(header, NFTA_RULE_CHAIN, chain, strlen(chain) + 1);
      if (removes) put(header, NFTA_RULE_HANDLE, &first, sizeof first);
      begin(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
      if (send(file, message, end, 0) < 0 || recv(file, answer, sizeof answer, 0) < 0) return fail("batch");
      header = (void *)answer;
      const struct nlmsgerr *error = NLMSG_DATA(header);
      if (header->nlmsg_type == NLMSG_ERROR && !error->error) return 0;
      fprintf(stderr, "the batch was refused\\n");
      return 1;
    }

    int main(int count, char **words) {
      struct timespec now;
      int status = 2;
      if (count == 3 && !strcmp(words[1], "legacy")) status = legacy(words[2]);
      if (count == 5 && !strcmp(words[1], "nft")) status = nft(words[2], words[3], !strcmp(words[4], "DEL"));
      clock_gettime(CLOCK_MONOTONIC, &now);
      printf("%lld\\n", now.tv_sec * 1000000000ll + now.tv_nsec);
      return status;
    }
    """
}
