import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../tests/fake-clock.ts';
import { Deadlines } from './deadlines.ts';

function world() {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const expired: string[] = [];
  const add = (name: string, inMs: number) => {
    const timed = { deadline: clock.monotonic() + inMs, place: -1, expire: () => void expired.push(`${name}@${clock.monotonic()}`) };
    deadlines.add(timed);
    return timed;
  };
  return { clock, deadlines, expired, add };
}

describe('deadlines', () => {
  it('each comes at its own time, in whatever order they were added', async () => {
    const { clock, expired, add } = world();
    add('slow', 600);
    add('fast', 50);
    add('middle', 300);
    await clock.advance(1_000);
    expect(expired).toEqual(['fast@50', 'middle@300', 'slow@600']);
  });

  it('one that was called off never comes, and the next is not forgotten for it', async () => {
    const { clock, deadlines, expired, add } = world();
    const first = add('first', 100);
    add('second', 200);
    deadlines.delete(first);
    await clock.advance(1_000);
    expect(expired).toEqual(['second@200']);
  });

  it('one that is added by another’s end comes too', async () => {
    const { clock, deadlines, expired, add } = world();
    deadlines.add({ deadline: 10, place: -1, expire: () => void add('after', 5) });
    await clock.advance(100);
    expect(expired).toEqual(['after@15']);
  });
});
