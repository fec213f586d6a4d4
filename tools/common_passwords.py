#!/usr/bin/env python3
"""Turns a list of passwords, the commonest first, into the table of identity/common_passwords.h.

usage: common_passwords.py LIST.json OUT.c

Of the list, those are taken that are long enough otherwise (OWASP ASVS 5.0, 6.2.4).
"""
import json
import sys

CHARACTERS_MIN = 8
COUNT = 10000


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as stream:
        listed = [password.lower() for password in json.load(stream)]
    usable = [password for password in dict.fromkeys(listed)
              if len(password) >= CHARACTERS_MIN and password.isascii() and password.isprintable()]
    chosen = sorted(usable[:COUNT])
    if len(chosen) < 3000:
        sys.exit(f"common_passwords.py: {source} has but {len(chosen)} usable passwords")
    with open(target, "w", encoding="utf-8") as stream:
        stream.write('#include "identity/common_passwords.h"\n\n'
                     f"const size_t common_password_count = {len(chosen)};\n"
                     "const char *const common_passwords[] = {\n")
        stream.writelines(f"    {json.dumps(password)},\n" for password in chosen)
        stream.write("};\n")


if __name__ == "__main__":
    main()
