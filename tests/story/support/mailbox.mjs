// Mails as somebody else's parser reads them.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

// Python's parser of mail: what a reader of it would see.
export function parseMail(text) {
    const program = `
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
assert not mail.defects, mail.defects
print(json.dumps({"headers": [[k, str(v)] for k, v in mail.items()],
                  "text": mail.get_content(), "type": mail.get_content_type()}))`;
    return JSON.parse(execFileSync('python3', ['-c', program], { input: text }));
}

// The .eml files of a server with `mail.folder = mail`: to whom, which title, what text.
export function mailbox(server) {
    const folder = path.join(server.folder, 'mail');
    return readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().map((name) => {
        const { headers, text } = parseMail(readFileSync(path.join(folder, name)));
        const { To: to, Subject: title } = Object.fromEntries(headers);
        return { to, title, text };
    });
}
