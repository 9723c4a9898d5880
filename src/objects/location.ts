/** Places in object stores. Location text -> bucket and key. Pure. */

/** The schemes of stores that speak the S3 protocol; Google's does by its interoperable interface. */
const LOCATION = /^(s3|s3a|s3n|gs):\/\/([^/?#]+)(?:\/(.*))?$/s;

export interface ObjectLocation {
  readonly scheme: string;
  readonly bucket: string;
  /** Without a slash at its beginning; `''` for the bucket itself. */
  readonly key: string;
}

/** Undefined for a place that is in no such store. */
export function objectLocation(location: string): ObjectLocation | undefined {
  const [, scheme, bucket, key = ''] = LOCATION.exec(location) ?? [];
  return scheme === undefined || bucket === undefined ? undefined : { scheme, bucket, key };
}

export const isInStore = (location: string): boolean => objectLocation(location) !== undefined;
