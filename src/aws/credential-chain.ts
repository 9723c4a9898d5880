/**
 * Finds the keys that this machine has for AWS and its like, in the order of AWS's own tools: environment,
 * profiles (roles, SSO and `credential_process` among them), web identity, container and instance metadata.
 * Options -> settings in Iceberg's names. The SDK is imported by the first call, so that nobody else pays
 * for it (30 to 50 ms, 2026-11-29).
 */
import { usageError } from '../model/errors.ts';

/** Settings for files in Iceberg's names (`s3.access-key-id`, …). */
export type ChainSettings = Readonly<Record<string, string>>;

export interface CredentialChain {
  /**
   * The current keys, and the region if it is known. They are renewed five minutes before they expire, so
   * each use must ask again. @throws PsybergError `credentials-missing`.
   */
  settings(): Promise<ChainSettings>;
}

export interface ChainOptions {
  /** A profile of `~/.aws/config`; default: `AWS_PROFILE`, else `default`. */
  readonly profile?: string | undefined;
}

interface FoundKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}
interface Resolvers {
  readonly keys: (options?: { readonly forceRefresh: boolean }) => Promise<FoundKeys>;
  readonly region: () => Promise<string | undefined>;
}

/** Keys are renewed this long before they expire. */
const MARGIN_MS = 300_000;
/** So that keys which never live longer than the margin are not renewed with each request. */
const REFRESH_EACH_MS = 30_000;

const chains = new Map<string, CredentialChain>();

/** Keeps one chain for each profile, so that keys are looked up only once. */
export function credentialChain({ profile }: ChainOptions = {}): CredentialChain {
  const name = profile ?? '';
  const known = chains.get(name);
  if (known !== undefined) return known;
  const chain = newChain(profile);
  chains.set(name, chain);
  return chain;
}

function newChain(profile: string | undefined): CredentialChain {
  let opening: Promise<Resolvers> | undefined;
  let refreshedAtMs = 0;
  /** In the last minutes the SDK returns the old keys while it fetches new ones, too late for a long scan. */
  const current = async ({ keys }: Resolvers): Promise<FoundKeys> => {
    const found = await keys();
    const leftMs = (found.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now();
    if (leftMs > MARGIN_MS || Date.now() - refreshedAtMs < REFRESH_EACH_MS) return found;
    refreshedAtMs = Date.now();
    // The current keys are still valid.
    return keys({ forceRefresh: true }).catch(() => found);
  };
  return {
    async settings() {
      opening ??= open(profile);
      const resolvers = await opening;
      const found = await current(resolvers).catch((error: unknown) => {
        throw credentialsMissing(profile, error);
      });
      const place = await resolvers.region();
      return {
        's3.access-key-id': found.accessKeyId,
        's3.secret-access-key': found.secretAccessKey,
        ...(found.sessionToken === undefined ? {} : { 's3.session-token': found.sessionToken }),
        ...(found.expiration === undefined
          ? {}
          : { 's3.session-token-expires-at-ms': String(found.expiration.getTime()) }),
        ...(place === undefined ? {} : { 'client.region': place }),
      };
    },
  };
}

async function open(profile: string | undefined): Promise<Resolvers> {
  const [{ defaultProvider }, { loadConfig, NODE_REGION_CONFIG_OPTIONS, NODE_REGION_CONFIG_FILE_OPTIONS }] =
    await Promise.all([import('@aws-sdk/credential-provider-node'), import('@smithy/core/config')]);
  const named = profile === undefined ? {} : { profile };
  const region = loadConfig(
    { ...NODE_REGION_CONFIG_OPTIONS, default: () => process.env['AWS_DEFAULT_REGION'] ?? '' },
    { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...named },
  );
  return {
    keys: defaultProvider(named),
    region: async () => (await region()) || undefined,
  };
}

function credentialsMissing(profile: string | undefined, cause: unknown): Error {
  const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
  const where = profile === undefined ? 'this machine' : `the profile ${profile}`;
  return usageError('credentials-missing', `no AWS credentials in ${where}: ${why}`, {
    hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (then: aws sso login), or run where a role is given; or write the keys into catalog.storage instead of credentials: chain',
    context: { profile: profile ?? null },
  });
}
