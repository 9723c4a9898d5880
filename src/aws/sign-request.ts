/**
 * Signs requests for AWS (Signature Version 4). Request + keys -> headers to send. The library is imported
 * by the first request.
 */
import { createHash } from 'node:crypto';

export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedFor {
  /** The service's name in the signature: `glue`, `s3tables`, `execute-api`. */
  readonly service: string;
  readonly region: string;
  readonly keys: SigningKeys;
}

export interface UnsignedRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** @returns all headers to send: those of the request, and those of the signature. */
export async function signRequest(
  { method, url, headers, body }: UnsignedRequest,
  { service, region, keys }: SignedFor,
): Promise<Record<string, string>> {
  const { AwsClient } = await import('aws4fetch');
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service,
    region,
    retries: 0,
  });
  const signed = await client.sign(url, {
    method,
    headers: { ...headers, 'x-amz-content-sha256': sha256(body ?? '') },
    ...(body === undefined ? {} : { body }),
  });
  return Object.fromEntries(signed.headers);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
