// SPDX-License-Identifier: MIT
// Kernel headers, and what of them Swift cannot import by itself.
#pragma once
#include <netinet/in.h>  // first, so that linux/in.h does not define its own

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/x_tables.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <linux/tc_act/tc_mirred.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

// Function-like macros and casts, which Swift does not import.
static const unsigned long cni_ns_get_nstype = NS_GET_NSTYPE;
static const unsigned long cni_tunsetiff = TUNSETIFF;
static const unsigned long cni_tunsetpersist = TUNSETPERSIST;
static const unsigned long cni_tunsetowner = TUNSETOWNER;
static const unsigned long cni_tunsetgroup = TUNSETGROUP;
static const int cni_clone_newnet = 0x40000000;  // CLONE_NEWNET, linux/sched.h: behind _GNU_SOURCE in glibc
static const unsigned int cni_iff_lower_up = 1 << 16;  // IFF_LOWER_UP, linux/if.h: it would hide IFF_UP of glibc
static const int cni_o_path = 010000000;         // O_PATH, asm-generic/fcntl.h: the same

// Behind _GNU_SOURCE, which in a shim breaks the merge with the Glibc module.
int setns(int fd, int nstype);
int unshare(int flags);
int dup3(int old, int number, int flags);
int memfd_create(const char *name, unsigned int flags);
void *memmem(const void *haystack, size_t haystacklen, const void *needle, size_t needlelen);
extern char **environ;

extern char *program_invocation_short_name;

// Global variables that can change are no values for Swift, and the wrapper came with glibc 2.36.
static inline char **cni_environment(void) { return environ; }
static inline const char *cni_program_name(void) { return program_invocation_short_name; }
static inline int cni_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }
// Swift forbids fork, which is safe where the child makes system calls only and ends.
static inline int cni_fork(void) { return fork(); }
static inline int cni_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline long cni_getdents(int folder, void *buffer, size_t size) {
  return syscall(SYS_getdents64, folder, buffer, size);
}
static inline long cni_rename_unless_taken(int folder, const char *name, const char *other) {
  return syscall(SYS_renameat2, folder, name, folder, other, 1);  // RENAME_NOREPLACE, linux/fs.h
}

// Sends two open files over a local socket (unix(7), SCM_RIGHTS); the layout of such a message is given by macros.
static inline int cni_send_descriptors(int socket, int first, int second) {
  const int numbers[2] = {first, second};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof numbers)];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof numbers), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  char byte = 0;
  struct iovec text = {.iov_base = &byte, .iov_len = 1};
  const struct msghdr message = {
    .msg_iov = &text, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  __builtin_memcpy(CMSG_DATA(&control.header), numbers, sizeof numbers);
  return (int)sendmsg(socket, &message, 0);
}

// Flags of CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS (kernel 5.8 and later): net/netfilter/nf_internals.h, not
// among the exported headers.
enum {
  CNI_CTA_FILTER_F_IP_SRC = 1 << 0,
  CNI_CTA_FILTER_F_IP_DST = 1 << 1,
  CNI_CTA_FILTER_F_PROTO_NUM = 1 << 3,
  CNI_CTA_FILTER_F_PROTO_SRC_PORT = 1 << 4,
  CNI_CTA_FILTER_F_PROTO_DST_PORT = 1 << 5,
};

// linux/netfilter_ipv4/ip_tables.h; for IPv6 (linux/netfilter_ipv6/ip6_tables.h) the numbers are the same. Both include
// linux/if.h, whose IFF_UP and others would hide those of the Glibc module.
static const int IPT_SO_SET_REPLACE = 64;
static const int IPT_SO_SET_ADD_COUNTERS = 65;
static const int IPT_SO_GET_INFO = 64;
static const int IPT_SO_GET_ENTRIES = 65;
