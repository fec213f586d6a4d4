// Mails as somebody else's parser reads them.

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

// Python's parser of mail: what a reader of it would see. One process for all of them.
const PROGRAM = `
import email, email.policy, json, sys
def read(text):
    mail = email.message_from_string(text, policy=email.policy.default)
    assert not mail.defects, mail.defects
    return {"headers": [[k, str(v)] for k, v in mail.items()],
            "text": mail.get_content(), "type": mail.get_content_type()}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))`;

function parseAll(texts) {
    return JSON.parse(execFileSync('python3', ['-c', PROGRAM], { input: JSON.stringify(texts) }));
}

// A message is 7-bit ASCII, whatever it says: a byte that is not does not survive this.
export const parseMail = (text) => parseAll([Buffer.from(text).toString('ascii')])[0];

// The .eml files of a server with `mail.folder = mail`: to whom, which title, what text.
export function mailbox(server) {
    const folder = path.join(server.folder, 'mail');
    const names = readdirSync(folder).filter((name) => name.endsWith('.eml')).sort();
    const texts = names.map((name) => readFileSync(path.join(folder, name), 'ascii'));
    return parseAll(texts).map(({ headers, text }) => {
        const { To: to, Subject: title } = Object.fromEntries(headers);
        return { to, title, text };
    });
}
