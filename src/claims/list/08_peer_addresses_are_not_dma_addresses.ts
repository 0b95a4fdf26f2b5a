// Claim: what a peer is reached by is no DMA address, and depends on who asks.
import { claim, exact } from '../claim.ts';
import { reached } from '../experiments/reached.ts';

export const tested = claim({
  claim: 'Peer addresses are not DMA addresses: who may reach whom, and by what, is not known to the block layer.',
  by: ['williams'],
  experiments: { machine: reached('two-host-bridges') },
  rule: 'Confirmed if two clients of one provider need different addresses; else refuted.',
  history: 'pci_p2pdma_map_type(provider, client) decides it for each pair; since 6.17 each request asks.',
  judge: ({ machine: { near, far, busAddress, cpuAddress } }) => {
    const differs = near.mapType !== far.mapType && busAddress !== cpuAddress;
    return {
      verdict: differs ? 'confirmed' : 'refuted',
      because: differs
        ? `${near.client} reaches the BAR at bus address 0x${busAddress.toString(16)} (${near.mapType}), ${far.client} at 0x${cpuAddress.toString(16)} (${far.mapType}).`
        : 'one address does for both clients.',
      figures: [exact('addresses of one byte for two clients', differs ? 2 : 1)],
    };
  },
});
