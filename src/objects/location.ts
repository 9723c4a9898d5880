/** Reads places in object stores. Location text -> bucket and key. Pure. */
import { isInAzure } from '../model/azure-access.ts';

/** Schemes of stores that speak the S3 protocol; Google's does so by its interoperable interface. */
const LOCATION = /^(s3|s3a|s3n|gs):\/\/([^/?#]+)(?:\/(.*))?$/s;
/** With `CONTAINER@HOST` in place of the bucket, or the container alone. */
const IN_AZURE = /^(abfss?|az|azure):\/\/([^/?#]+)(?:\/(.*))?$/s;

export interface ObjectLocation {
  readonly scheme: string;
  readonly bucket: string;
  /** Without a slash at its beginning; `''` for the bucket itself. */
  readonly key: string;
}

/** Undefined for a place that is in no store of the S3 protocol: only these can hold a warehouse. */
export const objectLocation = (location: string): ObjectLocation | undefined => partsOf(LOCATION, location);

/** Undefined for a place that is not in Azure's stores. */
export const azureLocation = (location: string): ObjectLocation | undefined => partsOf(IN_AZURE, location);

function partsOf(pattern: RegExp, location: string): ObjectLocation | undefined {
  const [, scheme, bucket, key = ''] = pattern.exec(location) ?? [];
  return scheme === undefined || bucket === undefined ? undefined : { scheme, bucket, key };
}

/** True for a place in a store of the S3 protocol. */
export const isInStore = (location: string): boolean => objectLocation(location) !== undefined;

/** True for a place in any store that may hold tables of a foreign catalog: Azure's as well. */
export const isInAnyStore = (location: string): boolean => isInStore(location) || isInAzure(location);

/** An object as messages name it. */
export const objectName = ({ scheme, bucket, key }: ObjectLocation): string => `${scheme}://${bucket}/${key}`;

/** Like `encodeURIComponent`, but also encodes the reserved characters of RFC 3986 that it leaves. */
export const encodedKey = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
