import { type EChartsOption, init } from 'echarts';

/** Draws without a browser. The background is white, since README files are also read on dark pages. */
export function draw(option: EChartsOption, { width, height }: { width: number; height: number }): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

const oursColor = '#d1495b';
const others = ['#30638e', '#00798c', '#edae49', '#66a182', '#8d6a9f', '#6c757d', '#b08968', '#4d908e'];

export function colorOf(isOurs: boolean, index: number): string {
  return isOurs ? oursColor : (others[index % others.length] ?? '#6c757d');
}

export interface Line {
  readonly name: string;
  readonly isOurs: boolean;
  /** The value of each step; `undefined` if it was not measured. */
  readonly values: readonly (number | undefined)[];
}

/**
 * Draws a line for each side, with its name at the end. The y axis is logarithmic, since sides differ by
 * orders of magnitude.
 */
export function lines(
  title: string,
  x: { readonly name: string; readonly steps: readonly string[] },
  y: string,
  drawn: readonly Line[],
  height = 420,
): string {
  let dashes = 0;
  return draw(
    {
      title: { text: title, left: 12, top: 8, textStyle: { fontSize: 15 } },
      grid: { left: 70, right: 30, top: 50, bottom: 115 },
      legend: { bottom: 4, left: 12, right: 12, itemWidth: 18, itemGap: 20, textStyle: { fontSize: 11 } },
      xAxis: { type: 'category', name: x.name, nameLocation: 'middle', nameGap: 26, data: [...x.steps] },
      yAxis: { type: 'log', name: y, nameLocation: 'middle', nameGap: 48, axisLabel: { formatter: short } },
      series: drawn.map(({ name, isOurs, values }, index) => ({
        type: 'line' as const,
        name,
        data: values.map((value) => value ?? null),
        symbolSize: 7,
        itemStyle: { color: colorOf(isOurs, index) },
        lineStyle: {
          color: colorOf(isOurs, index),
          width: isOurs ? 3 : 2,
          type: isOurs ? (['solid', 'dashed', 'dotted'] as const)[dashes++ % 3] : 'solid',
        },
      })),
    },
    { width: 820, height },
  );
}

/** Draws one bar for each side, the longest at the top. */
export function bars(
  title: string,
  drawn: readonly { name: string; isOurs: boolean; value: number }[],
  label: (value: number) => string,
): string {
  const rising = [...drawn].sort((a, b) => a.value - b.value);
  return draw(
    {
      title: { text: title, left: 12, top: 8, textStyle: { fontSize: 15 } },
      grid: { left: 180, right: 80, top: 44, bottom: 20 },
      xAxis: { type: 'value', axisLabel: { formatter: short } },
      yAxis: { type: 'category', data: rising.map(({ name }) => name), axisTick: { show: false } },
      series: [
        {
          type: 'bar',
          data: rising.map(({ value, isOurs }) => ({ value, itemStyle: { color: colorOf(isOurs, 0) } })),
          label: { show: true, position: 'right', formatter: ({ value }) => label(Number(value)) },
        },
      ],
    },
    { width: 820, height: 70 + 24 * rising.length },
  );
}

export function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : `${Number(value.toPrecision(3))}`;
}
