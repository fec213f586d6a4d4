// The browser's side of WebAuthn: what the server asked for goes in, what it wants back comes out,
// both in base64url.

export interface Challenge {
  challenge: string;
  nonce: string;
  rp_id: string;
  timeout_ms: number;
  user_id?: string;
  algorithms?: readonly number[];
  exclude?: readonly string[];
}

/** Why the browser made no passkey and no signature. */
export class CeremonyFailure extends Error {
  constructor(readonly kind: "cancelled" | "unsupported" | "domain" | "known" | "other") {
    super(kind);
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function textOf(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function failureOf(error: unknown): CeremonyFailure {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "AbortError":
      return new CeremonyFailure("cancelled");
    case "SecurityError":
      return new CeremonyFailure("domain");
    case "InvalidStateError":
      return new CeremonyFailure("known");
    default:
      return new CeremonyFailure("other");
  }
}

async function ceremony(
  run: () => Promise<Credential | null>,
): Promise<PublicKeyCredential> {
  if (typeof PublicKeyCredential === "undefined") throw new CeremonyFailure("unsupported");
  try {
    return (await run()) as PublicKeyCredential;
  } catch (error) {
    throw failureOf(error);
  }
}

function described(ids: readonly string[]): PublicKeyCredentialDescriptor[] {
  return ids.map((id) => ({ type: "public-key", id: bytesOf(id) }));
}

export async function makePasskey(asked: Challenge, name: string, title: string) {
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: bytesOf(asked.challenge),
    rp: { id: asked.rp_id, name: "Counterfoil" },
    user: { id: bytesOf(asked.user_id ?? ""), name, displayName: title },
    pubKeyCredParams: (asked.algorithms ?? [-7]).map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: described(asked.exclude ?? []),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    attestation: "none",
    timeout: asked.timeout_ms,
  };
  const made = await ceremony(() => navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    nonce: asked.nonce,
    client_data: textOf(response.clientDataJSON),
    attestation_object: textOf(response.attestationObject),
  };
}

/** A signature over the challenge; by one of CREDENTIALS, or by any passkey that there is. */
export async function signChallenge(asked: Challenge, credentials: readonly string[] = []) {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: bytesOf(asked.challenge),
    rpId: asked.rp_id,
    allowCredentials: described(credentials),
    userVerification: "required",
    timeout: asked.timeout_ms,
  };
  const made = await ceremony(() => navigator.credentials.get({ publicKey }));
  const response = made.response as AuthenticatorAssertionResponse;
  return {
    userHandle: response.userHandle && textOf(response.userHandle),
    assertion: {
      nonce: asked.nonce,
      credential: textOf(made.rawId),
      client_data: textOf(response.clientDataJSON),
      authenticator_data: textOf(response.authenticatorData),
      signature: textOf(response.signature),
    },
  };
}
