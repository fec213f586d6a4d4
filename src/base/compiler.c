#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void must_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr,
            "{\"level\":\"error\",\"event\":\"bug\",\"condition\":\"%s\",\"at\":\"%s:%d\"}\n",
            condition, file, line);
    abort();
}
