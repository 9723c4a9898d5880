/** Places in object stores. Location text -> bucket and key. Pure. */
import { isInAzure } from '../model/azure-access.ts';

/** The schemes of stores that speak the S3 protocol; Google's does by its interoperable interface. */
const LOCATION = /^(s3|s3a|s3n|gs):\/\/([^/?#]+)(?:\/(.*))?$/s;
/** With `CONTAINER@HOST` for the bucket, or the container alone. */
const IN_AZURE = /^(abfss?|az|azure):\/\/([^/?#]+)(?:\/(.*))?$/s;

export interface ObjectLocation {
  readonly scheme: string;
  readonly bucket: string;
  /** Without a slash at its beginning; `''` for the bucket itself. */
  readonly key: string;
}

/** Undefined for a place that is in no store of the S3 protocol: a warehouse may be in those alone. */
export const objectLocation = (location: string): ObjectLocation | undefined => partsOf(LOCATION, location);

/** Undefined for a place that is not in Azure's stores. */
export const azureLocation = (location: string): ObjectLocation | undefined => partsOf(IN_AZURE, location);

function partsOf(pattern: RegExp, location: string): ObjectLocation | undefined {
  const [, scheme, bucket, key = ''] = pattern.exec(location) ?? [];
  return scheme === undefined || bucket === undefined ? undefined : { scheme, bucket, key };
}

/** In one of the S3 protocol. */
export const isInStore = (location: string): boolean => objectLocation(location) !== undefined;

/** In one that tables of a foreign catalog may lie in: Azure's as well. */
export const isInAnyStore = (location: string): boolean => isInStore(location) || isInAzure(location);

/** As messages name an object. */
export const objectName = ({ scheme, bucket, key }: ObjectLocation): string => `${scheme}://${bucket}/${key}`;

/** As `encodeURIComponent`, and what that leaves of RFC 3986's reserved characters. */
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
