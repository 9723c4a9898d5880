/** Prints plain data as YAML that a person would write. Value -> text. Pure. */
import { Document, isMap, isSeq, visit } from 'yaml';

/** Each map in a list below one of the keys `inRows` gets one line. */
export function printYaml(value: unknown, { inRows }: { readonly inRows: ReadonlySet<string> }): string {
  const document = new Document(value);
  visit(document, {
    Pair(_key, pair) {
      if (!inRows.has(String(pair.key))) return;
      visit(pair.value as Parameters<typeof visit>[0], {
        Seq(_place, list) {
          for (const item of list.items) if (isMap(item) || isSeq(item)) item.flow = true;
        },
      });
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
