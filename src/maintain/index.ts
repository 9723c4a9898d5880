export { type MaintainRequest, maintainTables } from './maintain-tables.ts';
export { readTables } from './read-tables.ts';
export type { RelocateRequest } from './relocate/relocate-warehouse.ts';
export { dropStranger, findStrangers, strangerText } from './strangers.ts';
