import { pathToFileURL } from 'node:url';
import { orderOf, serveOrders } from '../lib/process.ts';
import { freePort } from '../../src/base/free-port.ts';

/** Portkey's gateway, as published, in this process: its start file is loaded with the arguments that its own command takes. */
const { startFile } = orderOf<{ startFile: string }>();

// Our first line of output is the port; what it has to say goes elsewhere.
console.log = console.error;
console.info = console.error;
const port = await freePort();
process.argv.push(`--port=${port}`, '--headless');
await import(pathToFileURL(startFile).href);
await serveOrders({ port }, () => Promise.resolve({}));
process.exit(0);
