export { Replays } from './service.ts';
