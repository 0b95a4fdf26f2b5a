// The five mails whose claims are tried, and the thread that answered the second of them.

interface Mail {
  author: string;
  date: string;
  /** Where to find it. */
  thread: string;
}

const REMOVING = 'Removing struct page from P2PDMA';
const SPECIAL_VMA = 'mm/vma: add support for peer to peer to device vma';
const SERIES_2018 = 'PCI P2P series of January 2018: homogeneous scatterlists';

export const MAILS = {
  rfc: { author: 'Logan Gunthorpe', date: '2019-06-20', thread: `[RFC PATCH 00/28] ${REMOVING}` },
  williams: { author: 'Dan Williams', date: '2019-06-20', thread: `Re: [RFC PATCH 00/28] ${REMOVING}` },
  hellwig: { author: 'Christoph Hellwig', date: '2019-06-24', thread: `Re: [RFC PATCH 00/28] ${REMOVING}` },
  thread: { author: 'Jason and Logan Gunthorpe', date: '2019-06-26', thread: `Re: [RFC PATCH 00/28] ${REMOVING}` },
  vma: { author: 'Jason Gunthorpe', date: '2019-01-30', thread: `Re: [RFC PATCH 3/5] ${SPECIAL_VMA}` },
  quotedInVma: { author: 'Christoph Hellwig', date: '2019-01-30', thread: `Re: [RFC PATCH 3/5] ${SPECIAL_VMA}` },
  sgl: { author: 'Jason Gunthorpe', date: '2018-01-04', thread: SERIES_2018 },
  quotedInSgl: { author: 'Logan Gunthorpe', date: '2018-01-04', thread: SERIES_2018 },
} as const satisfies Readonly<Record<string, Mail>>;

export type MailName = keyof typeof MAILS;
