/* The commonest passwords that are long enough otherwise; made by tools/common_passwords.py. */
#pragma once

#include <stddef.h>

/* Lower case, ascending by bytes. */
extern const char *const common_passwords[];
extern const size_t common_password_count;
