// Which test files may skip tests, and for what. A skip that is not in this list fails the run; so does a file that asks for
// something here without being named (tidy.test.ts).
import {
  CHROMIUM,
  FIO,
  FIO_3_33,
  FIO_CLAT2CSV,
  FIO_DATA,
  GCC,
  GCC_BTF,
  type Need,
  NOT_ROOT,
  PAGEMAP,
  PROC,
  RUNNING_KERNEL_BTF,
  TOPOLOGY_DATA,
  TRACE_DATA,
  XMLLINT,
  ZERO_PAGE,
} from './support/needs.ts';

export const EXPECTED_SKIPS: readonly { need: Need; files: readonly string[] }[] = [
  { need: CHROMIUM, files: ['test/report/page.test.ts', 'test/report/controls.test.ts', 'test/report/hands.test.ts'] },
  { need: FIO, files: ['src/jobs/show_command.test.ts'] },
  {
    need: FIO_3_33,
    files: ['src/jobs/fio_iolog.test.ts', 'src/jobs/zoned_iolog.test.ts', 'test/report/fio_output.test.ts'],
  },
  { need: FIO_CLAT2CSV, files: ['src/report/formats/fio/json.test.ts'] },
  { need: FIO_DATA, files: ['src/jobs/sample_files.test.ts', 'src/jobs/traces/sample_traces.test.ts'] },
  { need: GCC, files: ['bench/fidelity/fidelity.long.test.ts'] },
  { need: GCC_BTF, files: ['src/btf/compiled.test.ts'] },
  { need: NOT_ROOT, files: ['src/result/read.test.ts', 'src/report/formats/write.test.ts'] },
  { need: PAGEMAP, files: ['src/lab/machine/resident.test.ts', 'src/lab/machine/measure_resident.test.ts'] },
  {
    need: PROC,
    files: ['src/lab/host/disturbance.test.ts', 'src/lab/machine/payload_pages.test.ts', 'test/stopped.test.ts'],
  },
  { need: RUNNING_KERNEL_BTF, files: ['src/btf/load.test.ts'] },
  {
    need: TOPOLOGY_DATA,
    files: [
      'src/topology/decide.test.ts',
      'src/topology/importers/lspci.test.ts',
      'src/topology/importers/lspci_dialects.test.ts',
      'src/topology/importers/xml_importers.test.ts',
      'src/topology/memory/memory.test.ts',
      'src/topology/view/view.test.ts',
      'test/flow_nvmet.test.ts',
    ],
  },
  { need: TRACE_DATA, files: ['src/jobs/traces/sample_traces.test.ts'] },
  { need: XMLLINT, files: ['test/hostile_text.test.ts'] },
  { need: ZERO_PAGE, files: ['src/lab/machine/payload_pages.test.ts'] },
];
