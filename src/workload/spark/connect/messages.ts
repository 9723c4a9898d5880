/**
 * The messages of Spark Connect that a session needs, as protobuf's own description in JSON. Numbers are
 * those of Spark's public protocol (`spark/connect/*.proto`, Spark 3.5 to 4.1); what a server says besides is
 * skipped by protobuf.
 */

/** A field: its type, its number, and whether there are several. */
type FieldOf = readonly [type: string, id: number, rule?: 'repeated'];
interface MessageOf {
  readonly fields?: Readonly<Record<string, FieldOf>>;
  /** Fields of which one is there, by the name of the choice. */
  readonly oneofs?: Readonly<Record<string, Readonly<Record<string, FieldOf>>>>;
  readonly nested?: Readonly<Record<string, MessageOf>>;
}

/** Who asks, and in which session: the first fields of every request. */
const ASKER = { session_id: ['string', 1], user_context: ['UserContext', 2] } as const;

/**
 * A session of the same name on a server that was started again is another one: which one is meant, and which
 * one answers. Spark 3.5 knows neither.
 */
const OBSERVED = 'client_observed_server_side_session_id';
const SERVER_SIDE = 'server_side_session_id';

const EMPTY: MessageOf = {};

const MESSAGES: Readonly<Record<string, MessageOf>> = {
  UserContext: { fields: { user_id: ['string', 1], user_name: ['string', 2] } },
  Literal: {
    oneofs: {
      literal_type: {
        null: ['DataType', 1],
        boolean: ['bool', 3],
        integer: ['int32', 6],
        long: ['int64', 7],
        double: ['double', 11],
        string: ['string', 13],
        date: ['int32', 16],
        timestamp: ['int64', 17],
      },
    },
  },
  Expression: { oneofs: { expr_type: { literal: ['Literal', 1] } } },
  SqlArgument: { fields: { key: ['string', 1], value: ['Literal', 2] } },
  NamedArgument: { fields: { key: ['string', 1], value: ['Expression', 2] } },
  SQL: {
    fields: {
      query: ['string', 1],
      args: ['SqlArgument', 2, 'repeated'],
      named_arguments: ['NamedArgument', 4, 'repeated'],
    },
  },
  LocalRelation: { fields: { data: ['bytes', 1], schema: ['string', 2] } },
  Relation: { oneofs: { rel_type: { sql: ['SQL', 10], local_relation: ['LocalRelation', 11] } } },
  SqlCommand: {
    fields: {
      sql: ['string', 1],
      args: ['SqlArgument', 2, 'repeated'],
      named_arguments: ['NamedArgument', 4, 'repeated'],
      input: ['Relation', 6],
    },
  },
  Command: { oneofs: { command_type: { sql_command: ['SqlCommand', 5] } } },
  Plan: { oneofs: { op_type: { root: ['Relation', 1], command: ['Command', 2] } } },
  ExecutePlanRequest: {
    fields: {
      ...ASKER,
      plan: ['Plan', 3],
      client_type: ['string', 4],
      request_options: ['RequestOption', 5, 'repeated'],
      operation_id: ['string', 6],
      [OBSERVED]: ['string', 8],
    },
    nested: {
      RequestOption: { oneofs: { request_option: { reattach_options: ['ReattachOptions', 1] } } },
    },
  },
  ReattachOptions: { fields: { reattachable: ['bool', 1] } },
  ExecutePlanResponse: {
    fields: {
      session_id: ['string', 1],
      operation_id: ['string', 12],
      response_id: ['string', 13],
      schema: ['DataType', 7],
      [SERVER_SIDE]: ['string', 15],
    },
    oneofs: {
      response_type: {
        arrow_batch: ['ArrowBatch', 2],
        sql_command_result: ['SqlCommandResult', 5],
        result_complete: ['ResultComplete', 14],
        execution_progress: ['ExecutionProgress', 18],
      },
    },
    nested: {
      ArrowBatch: { fields: { row_count: ['int64', 1], data: ['bytes', 2] } },
      SqlCommandResult: { fields: { relation: ['Relation', 1] } },
      ResultComplete: EMPTY,
      ExecutionProgress: {
        fields: { stages: ['StageInfo', 1, 'repeated'], num_inflight_tasks: ['int64', 2] },
        nested: {
          StageInfo: {
            fields: { stage_id: ['int64', 1], num_tasks: ['int64', 2], num_completed_tasks: ['int64', 3] },
          },
        },
      },
    },
  },
  DataType: {
    oneofs: {
      kind: {
        null: ['NoDetail', 1],
        binary: ['NoDetail', 2],
        boolean: ['NoDetail', 3],
        byte: ['NoDetail', 4],
        short: ['NoDetail', 5],
        integer: ['NoDetail', 6],
        long: ['NoDetail', 7],
        float: ['NoDetail', 8],
        double: ['NoDetail', 9],
        decimal: ['Decimal', 10],
        string: ['NoDetail', 11],
        char: ['NoDetail', 12],
        var_char: ['NoDetail', 13],
        date: ['NoDetail', 14],
        timestamp: ['NoDetail', 15],
        timestamp_ntz: ['NoDetail', 16],
        calendar_interval: ['NoDetail', 17],
        year_month_interval: ['NoDetail', 18],
        day_time_interval: ['NoDetail', 19],
        array: ['Array', 20],
        struct: ['Struct', 21],
        map: ['Map', 22],
        variant: ['NoDetail', 25],
      },
    },
    nested: {
      NoDetail: EMPTY,
      Decimal: { fields: { scale: ['int32', 1], precision: ['int32', 2] } },
      Array: { fields: { element_type: ['DataType', 1] } },
      StructField: { fields: { name: ['string', 1], data_type: ['DataType', 2] } },
      Struct: { fields: { fields: ['StructField', 1, 'repeated'] } },
      Map: { fields: { key_type: ['DataType', 1], value_type: ['DataType', 2] } },
    },
  },
  AnalyzePlanRequest: {
    fields: { ...ASKER, client_type: ['string', 3], [OBSERVED]: ['string', 17] },
    oneofs: {
      analyze: { schema: ['Schema', 4], explain: ['Explain', 5], spark_version: ['SparkVersion', 10] },
    },
    nested: {
      Schema: { fields: { plan: ['Plan', 1] } },
      // 2: the plan as it was parsed, as it was resolved, and as it will run.
      Explain: { fields: { plan: ['Plan', 1], explain_mode: ['int32', 2] } },
      SparkVersion: EMPTY,
    },
  },
  AnalyzePlanResponse: {
    fields: { session_id: ['string', 1], [SERVER_SIDE]: ['string', 15] },
    oneofs: {
      result: { schema: ['Schema', 2], explain: ['Explain', 3], spark_version: ['SparkVersion', 8] },
    },
    nested: {
      Schema: { fields: { schema: ['DataType', 1] } },
      Explain: { fields: { explain_string: ['string', 1] } },
      SparkVersion: { fields: { version: ['string', 1] } },
    },
  },
  KeyValue: { fields: { key: ['string', 1], value: ['string', 2] } },
  ConfigRequest: {
    fields: {
      ...ASKER,
      operation: ['Operation', 3],
      client_type: ['string', 4],
      [OBSERVED]: ['string', 8],
    },
    nested: {
      Operation: { oneofs: { op_type: { set: ['Set', 1], get_all: ['GetAll', 5] } } },
      Set: { fields: { pairs: ['KeyValue', 1, 'repeated'] } },
      GetAll: { fields: { prefix: ['string', 1] } },
    },
  },
  ConfigResponse: {
    fields: {
      session_id: ['string', 1],
      pairs: ['KeyValue', 2, 'repeated'],
      warnings: ['string', 3, 'repeated'],
      [SERVER_SIDE]: ['string', 4],
    },
  },
  InterruptRequest: {
    // 1: everything that runs in the session.
    fields: { ...ASKER, client_type: ['string', 3], interrupt_type: ['int32', 4] },
  },
  InterruptResponse: { fields: { session_id: ['string', 1], interrupted_ids: ['string', 2, 'repeated'] } },
  ReattachExecuteRequest: {
    fields: {
      ...ASKER,
      operation_id: ['string', 3],
      client_type: ['string', 4],
      last_response_id: ['string', 5],
      [OBSERVED]: ['string', 6],
    },
  },
  ReleaseExecuteRequest: {
    fields: { ...ASKER, operation_id: ['string', 3], client_type: ['string', 4] },
    oneofs: { release: { release_all: ['ReleaseAll', 5] } },
    nested: { ReleaseAll: EMPTY },
  },
  ReleaseExecuteResponse: { fields: { session_id: ['string', 1] } },
  ReleaseSessionRequest: { fields: { ...ASKER, client_type: ['string', 3] } },
  ReleaseSessionResponse: { fields: { session_id: ['string', 1] } },
};

const METHODS = {
  ExecutePlan: ['ExecutePlanRequest', 'ExecutePlanResponse', true],
  AnalyzePlan: ['AnalyzePlanRequest', 'AnalyzePlanResponse', false],
  Config: ['ConfigRequest', 'ConfigResponse', false],
  Interrupt: ['InterruptRequest', 'InterruptResponse', false],
  ReattachExecute: ['ReattachExecuteRequest', 'ExecutePlanResponse', true],
  ReleaseExecute: ['ReleaseExecuteRequest', 'ReleaseExecuteResponse', false],
  ReleaseSession: ['ReleaseSessionRequest', 'ReleaseSessionResponse', false],
} as const;

/** Methods that answer once. */
export type UnaryMethod = Exclude<keyof typeof METHODS, StreamMethod>;
/** Methods that answer with a stream. */
export type StreamMethod = 'ExecutePlan' | 'ReattachExecute';

type Json = Readonly<Record<string, unknown>>;

const mapped = <From, To>(all: Readonly<Record<string, From>>, by: (each: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(all).map(([name, each]) => [name, by(each)]));

const fieldJson = ([type, id, rule]: FieldOf): Json => ({
  type,
  id,
  ...(rule === undefined ? {} : { rule }),
});

function messageJson({ fields = {}, oneofs = {}, nested = {} }: MessageOf): Json {
  const chosen = Object.assign({}, ...Object.values(oneofs)) as Record<string, FieldOf>;
  return {
    fields: mapped({ ...fields, ...chosen }, fieldJson),
    oneofs: mapped(oneofs, (choice) => ({ oneof: Object.keys(choice) })),
    nested: mapped(nested, messageJson),
  };
}

/** The service and its messages, as protobuf.js describes them. */
export const CONNECT_PROTOCOL: Json = {
  nested: {
    spark: {
      nested: {
        connect: {
          nested: {
            ...mapped(MESSAGES, messageJson),
            SparkConnectService: {
              methods: mapped(METHODS, ([requestType, responseType, responseStream]) => ({
                requestType,
                responseType,
                ...(responseStream ? { responseStream } : {}),
              })),
            },
          },
        },
      },
    },
  },
};
