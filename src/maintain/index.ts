export type { MaintainPorts } from './context.ts';
export { type MaintainRequest, maintainTables } from './maintain-tables.ts';
export type { RelocateRequest } from './relocate/relocate-warehouse.ts';
