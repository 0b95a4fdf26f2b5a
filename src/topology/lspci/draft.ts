// From a function's lines (and its hex dump, when there is one) to what is known about it.
import { LabError } from '../../base/errors.ts';
import type { Draft } from '../assemble.ts';
import { isBridgeClass } from '../classes.ts';
import type { ConfigFacts } from '../config_space.ts';
import { CONFIG_SPACE_BYTES, readConfig } from '../config_space.ts';
import type { AcsControl, Bar, Identity, PortType } from '../model.ts';
import { busAddress } from '../model.ts';
import type { DeviceText } from './device_text.ts';

const HEX_ROW = /^([0-9a-f]{2,3}): ((?:[0-9a-f]{2} ){15}[0-9a-f]{2})$/i;

/** Whether a line belongs to a -x, -xxx or -xxxx dump. */
export function isHexRow(text: string): boolean {
  return /^[0-9a-f]{2,3}: [0-9a-f]{2}(?: |$)/i.test(text);
}

/**
 * Adds one row of 16 bytes to a function's config space.
 * @throws LabError on a short row or one that does not follow the last
 */
export function readHexRow(device: DeviceText, text: string, at: string): void {
  const match = HEX_ROW.exec(text.trimEnd());
  const offset = Number.parseInt(match?.[1] ?? '', 16);
  const expected = 16 * device.hexRows.length;
  if (!match || offset !== expected || offset >= CONFIG_SPACE_BYTES) {
    throw new LabError(
      `${at}: expected 16 bytes of config space at offset ${expected.toString(16)} of ${device.header.id}: ` +
        'the hex dump is cut off or damaged here.',
    );
  }
  device.hexRows.push(Buffer.from((match[2] ?? '').replaceAll(' ', ''), 'hex'));
}

/** All that the dump tells about one function. */
export function draftOf(device: DeviceText, at: string): Draft {
  const { header } = device;
  const config = configOf(device, at);
  const buses = device.buses ?? config?.buses;
  const isBridge = buses !== undefined || (config?.isBridge ?? isBridgeClass(header.classCode));
  if (isBridge && device.verbose && buses === undefined && !device.unknownHeader) {
    throw new LabError(`${at}: bridge ${header.id} has no Bus line: the dump is cut off or edited.`);
  }
  const sriov = device.sriovShown ? sriovOf(device) : config?.sriov;
  return {
    id: header.id,
    domain: header.domain,
    bus: header.bus,
    devfn: header.devfn,
    isBridge,
    classCode: header.classCode ?? config?.classCode,
    progIf: header.progIf ?? config?.progIf ?? (device.verbose ? 0 : undefined),
    vendorId: header.vendorId ?? config?.vendorId,
    deviceId: header.deviceId ?? config?.deviceId,
    title: header.title,
    portType: portTypeOf(device, config),
    acs: acsOf(device, config),
    numaNode: device.numaNode,
    link: device.link ?? config?.link,
    linkMax: device.linkMax ?? config?.linkMax,
    bars: barsOf(device, config),
    buses,
    windows: windowsOf(device) ?? (isBridge ? config?.windows : undefined),
    windowView: device.windows === undefined ? 'bus' : device.windowView,
    line: device.line,
    identity: identityOf(device),
    sriov,
    capsShown: device.capsListed || (device.verbose && !device.capsDenied) || config?.complete === true,
    saysVirtual: header.saysVirtual,
  };
}

function identityOf({ driver, slot, iommuGroup }: DeviceText): Identity | undefined {
  const told = driver !== undefined || slot !== undefined || iommuGroup !== undefined;
  return told ? { driver, slot, iommuGroup, names: [] } : undefined;
}

/** Undefined where only a window from 0 is shown: whether it is in use cannot be told. */
function windowsOf({ windows, hasZeroWindow }: DeviceText): Draft['windows'] {
  return hasZeroWindow && windows?.length === 0 ? undefined : windows;
}

function configOf(device: DeviceText, at: string): ConfigFacts | undefined {
  if (device.hexRows.length === 0) return undefined;
  const config = readConfig(Buffer.concat(device.hexRows));
  if (!config) throw new LabError(`${at}: the hex dump of ${device.header.id} ends before the header does (64 bytes).`);
  return config;
}

function sriovOf(device: DeviceText): Draft['sriov'] {
  if (device.sriov.stride === 0 && device.sriov.offset === 0) return 'shown';
  return device.sriovEnabled ? device.sriov : { ...device.sriov, numVfs: 0 };
}

function portTypeOf(device: DeviceText, config: ConfigFacts | undefined): PortType {
  if (device.portType !== undefined) return device.portType;
  if (config && config.portType !== 'unknown') return config.portType;
  return device.verbose && !device.capsDenied ? 'conventional' : 'unknown';
}

function acsOf(device: DeviceText, config: ConfigFacts | undefined): AcsControl {
  if (device.acsControl !== undefined) return device.acsControl;
  if (config && config.acs !== 'unknown') return config.acs;
  if (device.hasAcs || device.capsDenied || !device.verbose) return 'unknown';
  return 'absent';
}

/** BARs of the text, with the bus address that the raw register holds; BARs only the registers show have no size. */
function barsOf(device: DeviceText, config: ConfigFacts | undefined): Bar[] {
  if (!config) return device.bars;
  const raw = config.bars.filter((bar) => bar.isMemory);
  const known = new Set(device.bars.map((bar) => bar.index));
  const merged = device.bars.map((bar): Bar => {
    const register = raw.find((candidate) => candidate.index === bar.index);
    const isSet = register !== undefined && register.busStart !== 0n && !bar.disabled;
    return isSet ? { ...bar, busStart: busAddress(register.busStart) } : bar;
  });
  for (const { index, is64, prefetchable, busStart } of raw) {
    if (known.has(index)) continue;
    const disabled = !config.memoryDecode || busStart === 0n;
    const place = busStart === 0n ? undefined : busAddress(busStart);
    merged.push({ index, bytes: undefined, prefetchable, is64, disabled, cpuStart: undefined, busStart: place });
  }
  return merged.sort((a, b) => a.index - b.index);
}
