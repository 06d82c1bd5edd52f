import { init, use } from 'echarts/core';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import type { BenchContext } from './bar.ts';

/** A figure over another, as lines. */
export interface Chart {
  /** Its file's name, too. */
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** What disturbed it, if anything did. */
  readonly doubts: readonly string[];
}

export interface Axis {
  readonly label: string;
  readonly isLogarithmic?: boolean;
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What measures a chart. */
export interface Charting {
  readonly name: string;
  run(context: BenchContext): Promise<Omit<Chart, 'name'>>;
}

const WIDTH = 860;
const HEIGHT = 420;
const LABEL_GAP = 34;

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** The chart as an SVG document, on a white ground: it is read in dark pages too. */
export function drawChart({ title, x, y, lines }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const axis = ({ label, isLogarithmic = false }: Axis) => ({ type: isLogarithmic ? ('log' as const) : ('value' as const), name: label, nameLocation: 'middle' as const });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { top: 36, itemGap: 26 },
    grid: { left: 76, right: 32, top: 74, bottom: 56 },
    xAxis: { ...axis(x), nameGap: LABEL_GAP },
    yAxis: { ...axis(y), nameGap: LABEL_GAP + 14 },
    series: lines.map(({ name, points }) => ({ type: 'line', name, data: points.map((point) => [...point]), symbolSize: 7 })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
