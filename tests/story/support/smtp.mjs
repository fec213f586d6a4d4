// A mail server that takes what it is told to take (RFC 5321), and remembers every mail.
//
//     const server = await new MailServer((mail, earlier) => 250).open();
//
// ANSWER says for each message what comes after its end: a code, or 'silence' (the connection ends
// without an answer), or for a recipient 'refuse' by throwing a code at RCPT (see `recipient`).

import net from 'node:net';

export class MailServer {
    constructor({ message = () => 250, recipient = () => 250 } = {}) {
        this.message = message;
        this.recipient = recipient;
        this.mails = []; // whose end came, whatever was answered
        this.taken = []; // answered 250
        this.commands = [];
        this.sockets = new Set();
        this.server = net.createServer((socket) => this.serve(socket));
    }

    async open() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.url = `smtp://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    async close() {
        for (const socket of this.sockets) socket.destroy();
        await new Promise((resolve) => this.server.close(resolve));
    }

    serve(socket) {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => {});
        let waiting = '', lines = null, mail = null;
        const say = (line) => socket.write(`${line}\r\n`);
        say('220 mail.test ESMTP');
        socket.on('data', (bytes) => {
            waiting += bytes.toString('latin1');
            for (let end; (end = waiting.indexOf('\r\n')) >= 0;) {
                const line = waiting.slice(0, end);
                waiting = waiting.slice(end + 2);
                if (lines !== null) {
                    if (line !== '.') {
                        lines.push(line.startsWith('.') ? line.slice(1) : line);
                        continue;
                    }
                    mail.text = lines.join('\r\n');
                    lines = null;
                    const answer = this.message(mail, [...this.mails]);
                    this.mails.push(mail);
                    if (answer === 'silence') {
                        socket.destroy();
                        return;
                    }
                    if (answer === 250) this.taken.push(mail);
                    say(`${answer} as the test says`);
                    continue;
                }
                this.commands.push(line);
                const verb = line.slice(0, 4).toUpperCase();
                if (verb === 'EHLO') say('250 mail.test');
                else if (verb === 'MAIL') {
                    mail = { from: line.slice(10), to: [] };
                    say('250 ok');
                } else if (verb === 'RCPT') {
                    const to = /<(.*)>/.exec(line)?.[1];
                    mail.to.push(to);
                    const answer = this.recipient(to);
                    say(`${answer} as the test says`);
                } else if (verb === 'DATA') {
                    lines = [];
                    say('354 go on');
                } else if (verb === 'QUIT') {
                    say('221 bye');
                    socket.end();
                } else say('250 ok');
            }
        });
    }
}
