#include "cmd/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The leak checker of a sanitized build looks at the threads from outside when the program ends. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_CHECKED 1
#endif
#endif
#ifndef LEAKS_ARE_CHECKED
#define LEAKS_ARE_CHECKED 0
#endif

/* What computing with memory needs. */
static const int signer_calls[] = {
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
};

/* Answered "not permitted"; nothing that the daemon does uses them. */
static const int daemon_denied[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(personality),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(name_to_handle_at),
#if !LEAKS_ARE_CHECKED
    SCMP_SYS(ptrace),
#endif
};

static bool refused(struct problem *problem, const char *what, int error)
{
    return problem_set(problem, PROBLEM_INTERNAL, "%s: %s", what, strerror(error));
}

static int allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp data_only = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, data_only);
    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, data_only);
    return status;
}

static int allow_on(scmp_filter_ctx filter, int call, int descriptor)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)descriptor, 0));
}

static int allow_channel(scmp_filter_ctx filter, int channel)
{
    int status = allow_on(filter, SCMP_SYS(read), channel);
    if (status == 0)
        status = allow_on(filter, SCMP_SYS(write), channel);
    if (status == 0)
        status = allow_on(filter, SCMP_SYS(write), STDERR_FILENO);
    return status;
}

bool sandbox_signer(int channel, struct problem *problem)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return refused(problem, "seccomp", ENOMEM);
    int status = allow_channel(filter, channel);
    if (status == 0)
        status = allow_memory(filter);
    for (size_t i = 0; status == 0 && i < COUNT_OF(signer_calls); i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, signer_calls[i], 0);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status == 0 || refused(problem, "seccomp", -status);
}

bool sandbox_daemon(struct problem *problem)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return refused(problem, "seccomp", ENOMEM);
    int status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* threads that run already */
    for (size_t i = 0; status == 0 && i < COUNT_OF(daemon_denied); i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), daemon_denied[i], 0);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status == 0 || refused(problem, "seccomp", -status);
}

bool sandbox_hide_memory(struct problem *problem)
{
    const struct rlimit none = {0, 0};
    if (LEAKS_ARE_CHECKED)
        return true;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return refused(problem, "hiding the memory", errno);
    return true;
}

static bool become(const struct passwd *entry, struct problem *problem)
{
    if (initgroups(entry->pw_name, entry->pw_gid) != 0 ||
        setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
        setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
        return refused(problem, "giving up root", errno);
    return true;
}

bool sandbox_become(const char *user, struct problem *problem)
{
    if (geteuid() != 0)
        return true;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return problem_set(problem, PROBLEM_CONFIGURATION, "there is no user \"%s\"", user);
    return become(entry, problem);
}

bool sandbox_become_owner(const char *folder, struct problem *problem)
{
    struct stat status;
    if (geteuid() != 0)
        return true;
    if (stat(folder, &status) != 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "%s: %s", folder, strerror(errno));
    if (status.st_uid == 0)
        return true;
    const struct passwd *entry = getpwuid(status.st_uid);
    if (entry == NULL)
        return problem_set(problem, PROBLEM_CONFIGURATION, "the owner of %s is no user", folder);
    return become(entry, problem);
}
