/*
 * The signer: a process of its own that alone holds the log's key and the master key of webhook
 * secrets. It is this same program, started again, with a socket to the daemon and the key file as
 * its only descriptors; it gives up everything else (sandbox.h).
 *
 * One message a question, one an answer, both at most SIGNER_MESSAGE_MAX bytes: the first byte is
 * the kind. It signs nothing but checkpoints of its own log, and never a smaller tree than before.
 * If it ends, every later call is PROBLEM_SIGNER_GONE, and the daemon stops.
 *
 * The key file has two lines: the log's key as `PRIVATE+KEY+origin+id+…` (note.h) and the master
 * key, 32 bytes in base64.
 */
#pragma once

#include <sys/types.h>

#include "base/problem.h"
#include "tlog/ed25519.h"

#define SIGNER_MESSAGE_MAX 1024
#define SIGNER_KEY_FILE_MAX ((size_t)4096)
#define SIGNER_CHANNEL 3 /* descriptors of the signer */
#define SIGNER_KEY_FILE 4
#define SIGNER_ROLE "signer" /* the hidden command */

enum signer_question { SIGNER_SIGN = 1, SIGNER_DERIVE = 2 };
enum signer_answer { SIGNER_DONE = 0, SIGNER_REFUSED = 1 };

struct signer;

/* Ends the process and waits for it. */
void signer_stop(struct signer *signer);
/* Starts it on the key file; the path is opened here, with our rights. */
struct signer *signer_start(const char *key_file, struct problem *problem) OWNED_BY(signer_stop);

/* These take the signer as void *, as the kernel and the service call them; any thread. */
bool signer_sign(void *signer, struct text message, uint8_t signature[ED25519_SIGNATURE_BYTES],
                 struct problem *problem);
/* HMAC-SHA-256 of LABEL under the master key. */
bool signer_derive(void *signer, struct text label, uint8_t out[32], struct problem *problem);
bool signer_healthy(void *signer, struct problem *problem);

/* The process's own side: serves until the socket closes; returns the exit code. */
int signer_serve(void);
