import { Fault } from '../../contract/errors.ts';

export const auditUnavailable = (cause: unknown) =>
  new Fault('unavailable', 'audit_unavailable', 'The change was made, but could not be written to the audit log; look at what is there before you try again.', { cause });
export const nothingToArchive = () => new Fault('conflict', 'nothing_to_archive', 'There is no entry that is so old and in no archive yet.');
export const archiveUnreadable = (file: string, why: string) => new Fault('conflict', 'archive_unreadable', `The archive ${file} can not be read: ${why}.`);
