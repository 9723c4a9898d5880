/**
 * Defines schemas of Avro files (Avro specification, "Schema Declaration"), with the ids that Iceberg adds
 * (Iceberg specification, "Appendix A: Avro").
 */
export type AvroType = string | readonly AvroType[] | AvroComplexType;

export interface AvroComplexType {
  readonly type: AvroType;
  readonly name?: string;
  readonly logicalType?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: AvroType;
  readonly values?: AvroType;
  readonly symbols?: readonly string[];
  /** How many bytes a `fixed` has. */
  readonly size?: number;
  readonly 'element-id'?: number;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroType;
  readonly default?: null;
  readonly 'field-id': number;
}

export interface AvroRecord {
  readonly type?: 'record';
  readonly name: string;
  readonly fields: readonly AvroField[];
}
