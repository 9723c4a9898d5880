/**
 * Reads what a store says about its objects (S3 API, ListObjectsV2 and DeleteObjects). XML <-> values. Pure.
 */

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}
export interface ListingPage {
  readonly objects: readonly ListedObject[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
}

/**
 * Reads a page of a listing. Keys come percent-encoded, as XML has no way to write some of their characters;
 * so no element that is read here holds markup. Throws if the text is no listing: nothing else may be taken
 * for an empty store.
 */
export function readListing(xml: string): ListingPage {
  if (!/<ListBucketResult[\s>]/.test(xml)) throw new Error('the answer is no list of objects');
  const isEncoded = elementText(xml, 'EncodingType') === 'url';
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => {
    const key = elementText(entry, 'Key') ?? '';
    return {
      // A blank may be encoded as `+` (S3 API, "encoding-type").
      key: isEncoded ? decodeURIComponent(key.replaceAll('+', '%20')) : key,
      bytes: Number(elementText(entry, 'Size')),
      modifiedAtMs: Date.parse(elementText(entry, 'LastModified') ?? ''),
    };
  });
  const isCut = elementText(xml, 'IsTruncated') === 'true';
  return { objects, next: isCut ? elementText(xml, 'NextContinuationToken') : undefined };
}

/** The code of an error answer; `''` if it has none. */
export const faultText = (xml: string): { readonly code: string } => ({
  code: elementText(xml, 'Code') ?? '',
});

/** Objects that a request to delete several has left, each with the reason. */
export const undeleted = (xml: string): { readonly key: string; readonly code: string }[] =>
  [...xml.matchAll(/<Error>(.*?)<\/Error>/gs)].map(([, entry = '']) => ({
    key: elementText(entry, 'Key') ?? '',
    code: elementText(entry, 'Code') ?? '',
  }));

/** Writes the request to delete several objects. */
export const deletion = (keys: readonly string[]): string =>
  `<Delete><Quiet>true</Quiet>${keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join('')}</Delete>`;

const ENTITIES: readonly (readonly [string, string])[] = [
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
];

/** The text of the first such element that holds no other elements. */
export const elementText = (xml: string, element: string): string | undefined => {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  if (text === undefined) return undefined;
  const numbered = text.replace(/&#(x[\da-f]+|\d+);/gi, (_whole, code: string) =>
    String.fromCodePoint(Number(/^x/i.test(code) ? `0${code}` : code)),
  );
  return ENTITIES.reduce((rest, [plain, entity]) => rest.replaceAll(entity, plain), numbered).replaceAll(
    '&amp;',
    '&',
  );
};

const escaped = (text: string): string =>
  ENTITIES.reduce((rest, [plain, entity]) => rest.replaceAll(plain, entity), text.replaceAll('&', '&amp;'));
