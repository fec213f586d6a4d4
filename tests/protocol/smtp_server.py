"""A mail server with TLS and passwords: aiosmtpd's, which tells its test what happened.

usage: smtp_server.py {starttls|implicit|plain} CERTIFICATE KEY USER PASSWORD

Prints its port, then a line of JSON for each password that came and each mail that it took. `plain`
offers passwords and no TLS, as a server does whose STARTTLS somebody on the way has cut out.
"""
import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def tell(**event):
    print(json.dumps(event), flush=True)


def is_encrypted(server):
    return server.transport.get_extra_info("ssl_object") is not None


class Handler:
    async def handle_DATA(self, server, session, envelope):
        tell(mail=envelope.content.decode(), to=envelope.rcpt_tos, tls=is_encrypted(server),
             authenticated=session.authenticated)
        return "250 taken"


class Server(SMTP):
    async def smtp_STARTTLS(self, arg):
        tell(command="STARTTLS")
        await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        tell(command="MAIL", tls=is_encrypted(self))
        await super().smtp_MAIL(arg)


async def main(mode, certificate, key, user, password):
    def authenticate(server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        tell(password=given[1], tls=is_encrypted(server))
        return AuthResult(success=given == (user, password), handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    options = {"auth_required": True, "authenticator": authenticate,
               "auth_require_tls": mode == "starttls"}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: Server(Handler(), hostname="mail.test", **options), "127.0.0.1", 0,
        ssl=context if mode == "implicit" else None)
    tell(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


# That handshakes fail, and what is allowed here, is the test's purpose.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
warnings.simplefilter("ignore")
asyncio.run(main(*sys.argv[1:]))
