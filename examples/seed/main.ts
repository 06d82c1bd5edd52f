import { makeExamples } from './data.ts';
import { defineModel } from './define-model.ts';
import { deployModel, NAME } from './deploy-model.ts';
import { monitorAndMaintain } from './monitor.ts';
import { count, say, title } from '../lib/page.ts';
import { scheduleAndAllocateResources } from './schedule.ts';
import { findServer } from '../lib/server.ts';

/** The article's program, each step for real: define and train, deploy, schedule and allocate, monitor and maintain. */
async function main(): Promise<void> {
  const started = performance.now();
  await using server = await findServer();
  const { client } = server;

  title('1. Define the model');
  const model = await defineModel(await makeExamples(4_000, 11), 6);
  say(`1000 → 128 relu → 10 softmax: ${count(model.parameters)} parameters, trained on 4,000 noisy examples to a loss of ${model.loss.toFixed(3)}`);

  title('2. Deploy the model');
  await deployModel(client, model);
  say(`${NAME} is published and answers at ${server.url}/v2/models/${NAME}/infer`);

  const unseen = await makeExamples(2_000, 12);
  title('3. Schedule and allocate resources');
  await scheduleAndAllocateResources(client, unseen);

  title('4. Monitor and maintain');
  await monitorAndMaintain(client, unseen);
  title(`Done in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
}

await main();
