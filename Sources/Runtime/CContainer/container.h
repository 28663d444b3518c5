// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors
// What cnitool does between fork and execve, and in signal handlers, where no Swift code may run.
// A variable of this file has a copy in each module that a call is compiled into: only one function, and the handler that it sets, may use it.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

// How a command is started. All pointers are valid until cni_start returns.
struct cni_command {
  char *const *programs;     // the files to try, in order, as execvp does; a null pointer ends the list
  char *const *words;        // argv of the command; a null pointer ends the list
  char **script;             // argv for a file that is no program: /bin/sh, a place for the file, the arguments; a null pointer ends the list
  char *const *environment;  // NAME=value; a null pointer ends the list
  int network;               // an open network namespace
  const char *resolver;      // a file to show in place of /etc/resolv.conf; null for none
};

// The step at which a command could not be started; 0 if it was.
enum cni_start_step {
  cni_start_ok,
  cni_start_fork,
  cni_start_network,   // entering the network namespace
  cni_start_mounts,    // making a mount namespace
  cni_start_resolver,  // mounting the resolver's file
  cni_start_program,   // execve
};

struct cni_failure {
  enum cni_start_step step;
  int error;
};

// Shows the network's own /sys/class/net, as ip-netns(8) does, and below it the control groups as before. A container in which that is
// forbidden keeps its /sys.
static inline void cni_show_network_in_sys(void) {
  struct statvfs before;
  unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (statvfs("/sys", &before) == 0 && before.f_flag & ST_RDONLY) flags |= MS_RDONLY;
  const int groups = open("/sys/fs/cgroup", __O_PATH | O_CLOEXEC);
  if (mount("sysfs", "/sys", "sysfs", flags, NULL) == 0 && groups >= 0) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", groups);
    mount(path, "/sys/fs/cgroup", NULL, MS_BIND | MS_REC, NULL);
  }
  if (groups >= 0) close(groups);
}

static inline struct cni_failure cni_become(const struct cni_command *command, pid_t parent, const sigset_t *mask) {
  // The parent catches signals; exec would only reset them to their defaults after this process has run the parent's handlers.
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL)
      signal(number, SIG_DFL);
  }
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(128 + SIGKILL);

  if (setns(command->network, CLONE_NEWNET) != 0) return (struct cni_failure){cni_start_network, errno};
  if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
    return (struct cni_failure){cni_start_mounts, errno};
  cni_show_network_in_sys();
  if (command->resolver && mount(command->resolver, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0)
    return (struct cni_failure){cni_start_resolver, errno};

  int error = ENOENT;
  for (char *const *program = command->programs; *program; program++) {
    execve(*program, command->words, command->environment);
    // As execvp: a script without #! is the shell's.
    if (errno == ENOEXEC) {
      command->script[1] = *program;
      execve(command->script[0], command->script, command->environment);
    }
    // As execvp: a file that may not be executed is worse news than one that is not there, and the search goes on.
    if (errno == EACCES) error = EACCES;
    else if (errno != ENOENT && errno != ENOTDIR) {
      error = errno;
      break;
    }
  }
  return (struct cni_failure){cni_start_program, error};
}

// Starts a command in a network namespace, with this process's terminal and process group. It is killed when the calling thread ends, which
// a SIGKILL of this process includes. Returns its process ID; or -1, with the step and the error number.
static inline int cni_start(const struct cni_command *command, enum cni_start_step *step, int *error) {
  int ends[2];
  *step = cni_start_fork;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *error = errno;
    return -1;
  }
  sigset_t all, mask;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &mask);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    const struct cni_failure failure = cni_become(command, parent, &mask);
    if (write(ends[1], &failure, sizeof failure) < 0) _exit(126);
    _exit(127);
  }
  const int refused = errno;
  sigprocmask(SIG_SETMASK, &mask, NULL);
  close(ends[1]);
  struct cni_failure failure = {cni_start_ok, 0};
  ssize_t count = 0;
  if (child > 0) {
    do count = read(ends[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
  }
  close(ends[0]);
  if (child < 0) {
    *error = refused;
    return -1;
  }
  if (count != (ssize_t)sizeof failure) {
    *step = cni_start_ok;
    return child;
  }
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  *step = failure.step;
  *error = failure.error;
  return -1;
}

// mount(2) and umount2(2) for the names of network namespaces; each returns 0 or an error number.
// As mount --make-rshared; EINVAL if it is no mount point.
static inline int cni_share_mounts(const char *folder) {
  return mount("", folder, NULL, MS_SHARED | MS_REC, NULL) == 0 ? 0 : errno;
}

static inline int cni_bind(const char *source, const char *target, int recursive) {
  return mount(source, target, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL) == 0 ? 0 : errno;
}

static inline int cni_unmount(const char *target) { return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ? 0 : errno; }

static const int cni_caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
static int cni_ends[2] = {-1, -1};

struct cni_entry {
  int number;
  int sent;
};

// A handler, and no blocked signals: programs that are executed would inherit that signals are blocked.
static inline void cni_note(int number, siginfo_t *info, void *context) {
  (void)context;
  const int error = errno;
  // Positive codes are the kernel's: the terminal's keys and its hangup.
  const struct cni_entry entry = {number, info->si_code <= 0};
  const ssize_t written = write(cni_ends[1], &entry, sizeof entry);
  (void)written;  // a full pipe has signals enough
  errno = error;
}

// Catches the signals that cni_next_signal returns, unless they are ignored now (nohup). Returns a descriptor that is readable when there is
// one; or -1.
static inline int cni_catch_signals(void) {
  if (cni_ends[0] >= 0) return cni_ends[0];
  if (pipe2(cni_ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  for (unsigned index = 0; index < sizeof cni_caught / sizeof *cni_caught; index++) {
    struct sigaction action;
    if (sigaction(cni_caught[index], NULL, &action) != 0 || action.sa_handler == SIG_IGN) continue;
    action = (struct sigaction){.sa_sigaction = cni_note, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(cni_caught[index], &action, NULL);
    // Whoever has started this process may have blocked it by mistake, as many threads of programs do.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, cni_caught[index]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
  }
  return cni_ends[0];
}

// The next signal that was caught, by the descriptor of cni_catch_signals, or 0. `sent` is whether a process sent it, and not the terminal, which sends it to the command too.
static inline int cni_next_signal(int descriptor, int *sent) {
  struct cni_entry entry;
  if (read(descriptor, &entry, sizeof entry) != (ssize_t)sizeof entry) return 0;
  *sent = entry.sent;
  return entry.number;
}
