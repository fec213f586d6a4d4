/*
 * What the two processes give up for ever, by seccomp (libseccomp) and the kernel's switches.
 *
 * The signer may read and write its socket and use memory; anything else kills it. The daemon keeps
 * its system calls except those that only somebody who broke in would want: programs, mounts,
 * other processes' memory, kernel modules. Failure is PROBLEM_INTERNAL or PROBLEM_CONFIGURATION.
 */
#pragma once

#include "base/problem.h"

/* Call when keys are read and cryptography was used once: nothing can be opened afterwards. */
MUST_CHECK bool sandbox_signer(int channel, struct problem *problem);
/* Call after the last program was started; binds all threads. */
MUST_CHECK bool sandbox_daemon(struct problem *problem);
/* No core file, no reading of our memory by other processes of the same user. */
MUST_CHECK bool sandbox_hide_memory(struct problem *problem);
/* Gives up root for the user of that name, or for the owner of the folder; nothing if we are not
   root. So what a command of root leaves behind belongs to the server. */
MUST_CHECK bool sandbox_become(const char *user, struct problem *problem);
MUST_CHECK bool sandbox_become_owner(const char *folder, struct problem *problem);
