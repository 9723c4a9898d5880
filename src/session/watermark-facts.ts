/** Describes a source that a session shows as of its watermark. Watermark -> part of a SourceState. Pure. */
import { given } from '../model/given.ts';
import type { SourceState, Watermark } from '../model/session.ts';

/** The source as the watermark describes it: a session that publishes this again moves nothing. */
export const asOfWatermark = (watermark: Watermark): Partial<SourceState> => ({
  watermark,
  head: watermark,
  ...given({
    newestHour: watermark.newestHour,
    totalRecords: watermark.totalRecords,
    addedRecords: watermark.addedRecords,
    eventTimeId: watermark.eventTimeId,
    windowKeyId: watermark.windowKeyId,
    schemaId: watermark.schemaId,
  }),
});
