/** Describes a source that a session shows as of its watermark. Watermark -> part of a SourceState. Pure. */
import type { SourceState, Watermark } from '../model/session.ts';

/** The source as the watermark describes it: a session that publishes this again moves nothing. */
export const asOfWatermark = (watermark: Watermark): Partial<SourceState> => ({
  watermark,
  head: watermark,
  ...(watermark.newestHour === undefined ? {} : { newestHour: watermark.newestHour }),
  ...(watermark.totalRecords === undefined ? {} : { totalRecords: watermark.totalRecords }),
  ...(watermark.addedRecords === undefined ? {} : { addedRecords: watermark.addedRecords }),
  ...(watermark.eventTimeId === undefined ? {} : { eventTimeId: watermark.eventTimeId }),
  ...(watermark.windowKeyId === undefined ? {} : { windowKeyId: watermark.windowKeyId }),
  ...(watermark.schemaId === undefined ? {} : { schemaId: watermark.schemaId }),
});
