/**
 * Requests signed with AWS keys, as the REST endpoints of AWS Glue and S3 Tables want them. Project ->
 * RequestSigner.
 */
import type { ChainSettings, CredentialChain } from '../../aws/credential-chain.ts';
import { usageError } from '../../model/errors.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';
import type { HttpRequest } from './http.ts';

export interface RequestSigner {
  /** @returns all headers to send. @throws PsybergError `credentials-missing`, `signing-region-missing`. */
  sign(request: Omit<HttpRequest, 'timeoutMs'>): Promise<Record<string, string>>;
  /** What the catalog says of signing, in Iceberg's names, goes before what was guessed. */
  adopt(config: Readonly<Record<string, string>>): void;
  secrets(): readonly string[];
}

/** `chain`: the keys of this machine, for a project that has none of its own. */
export function requestSigner(catalog: ForeignCatalog, chain: CredentialChain): RequestSigner {
  let told: Readonly<Record<string, string>> = {};
  let used: ChainSettings = {};
  return {
    async sign(request) {
      const { signRequest } = await import('../../aws/sign-request.ts');
      const own = catalog.storage ?? {};
      used = hasKeys(own) ? own : await chain.settings();
      const place = addressedService(catalog.uri);
      const region =
        catalog.signingRegion ??
        told['rest.signing-region'] ??
        place.region ??
        own['client.region'] ??
        own['s3.region'] ??
        used['client.region'];
      if (region === undefined) throw regionMissing();
      return signRequest(request, {
        service: catalog.signingName ?? told['rest.signing-name'] ?? place.service ?? 'execute-api',
        region,
        keys: {
          accessKeyId: used['s3.access-key-id'] as string,
          secretAccessKey: used['s3.secret-access-key'] as string,
          sessionToken: used['s3.session-token'],
        },
      });
    },
    adopt(config) {
      told = config;
    },
    secrets: () =>
      [used['s3.secret-access-key'], used['s3.session-token']].filter((each) => each !== undefined),
  };
}

const hasKeys = (settings: ChainSettings): boolean =>
  settings['s3.access-key-id'] !== undefined && settings['s3.secret-access-key'] !== undefined;

/** `https://glue.eu-west-1.amazonaws.com/iceberg`, `https://s3tables.eu-west-1.amazonaws.com/iceberg`. */
function addressedService(uri: string): { readonly service?: string; readonly region?: string } {
  const [, service, region] =
    /^https:\/\/(glue|s3tables)(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)/.exec(uri) ?? [];
  return service === undefined || region === undefined ? {} : { service, region };
}

const regionMissing = (): Error =>
  usageError('signing-region-missing', 'no region for the signature of requests to the catalog', {
    hint: 'set catalog.signing_region in psyberg.yaml, or AWS_REGION',
  });
