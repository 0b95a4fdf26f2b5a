// Every option fio documents, and what this lab makes of it: implemented, ignored or refused.
// Names from fio's HOWTO and `fio --cmdhelp=all`; engine options from `fio --enghelp=ENGINE`.
// To implement a refused option, move it from REFUSED to IMPLEMENTED and read it in build_job.ts.

/** `ignored` options do not apply to the emulated device and are named in one warning; `refused` ones end the run. */
export type OptionClass = 'implemented' | 'ignored' | 'refused';

const words = (text: string): string[] => text.trim().split(/\s+/);

const IMPLEMENTED = words(`
  name description filename filename_format directory nrfiles filesize openfiles file_service_type kb_base rw rw_sequencer rwmixread rwmixwrite bs bsrange bssplit bs_is_seq_rand ba size io_size fill_device offset
  offset_align offset_increment number_ios loops numjobs iodepth iodepth_batch runtime time_based ramp_time
  randrepeat allrandrepeat randseed norandommap random_generator random_distribution percentage_random verify fsync fdatasync sync writefua end_fsync fsync_on_close
  stonewall wait_for new_group group_reporting startdelay exitall exitall_on_error max_latency thinktime thinktime_blocks
  thinktime_blocks_type thinktime_iotime flow flow_id zonemode zonesize zonerange zoneskip zonecapacity read_beyond_wp
  max_open_zones job_max_open_zones ignore_zone_limits zone_reset_threshold zone_reset_frequency
  latency_target latency_window latency_percentile rate rate_min rate_iops rate_iops_min rate_process io_submit_mode
  iodepth_low serialize_overlap write_iolog read_iolog replay_no_stall replay_time_scale replay_redirect replay_align replay_scale replay_skip
`);

/** What ignoring them leaves out: it is not part of the emulated device, or only of how fio itself works or reports. */
const IGNORED = words(`
  filetype unique_filename lockfile ioscheduler
  allow_file_create allow_mounted_write create_serialize create_fsync create_on_open pre_read overwrite fallocate
  fadvise_hint write_hint rwmixcycle use_os_rand invalidate unlink unlink_each_loop
  softrandommap direct buffered uncached exec_prerun exec_postrun

  thread nice prio prioclass priohint cpumask cpus_allowed cpus_allowed_policy numa_cpu_nodes numa_mem_policy cgroup
  cgroup_weight cgroup_nodelete single-instance uid gid clocksource gtod_reduce gtod_cpu job_start_clock_id exit_what

  mem mem_align lockmem hugepage-size thp gpu_dev_id zero_buffers refill_buffers scramble_buffers buffer_pattern
  buffer_compress_percentage buffer_compress_chunk dedupe_percentage dedupe_mode dedupe_working_set_percentage
  dedupe_global

  do_verify verify_offset verify_interval verify_pattern verify_pattern_interval verify_header_seed
  verify_write_sequence verify_fatal verify_dump verify_async verify_async_cpus verify_backlog verify_backlog_batch
  verify_state_save verify_state_load experimental_verify verifysort verifysort_nr trim_verify_zero trim_backlog
  trim_backlog_batch

  iodepth_batch_complete_min iodepth_batch_complete_max rate_cycle rate_ignore_thinktime thinktime_spin
  thinkcycles_type flow_sleep
  latency_run read_iolog_chunked
  merge_blktrace_scalars merge_blktrace_iters spr_num_regions spr_op spr_cs

  steadystate steadystate_duration steadystate_ramp_time steadystate_check_interval unified_rw_reporting unit_base
  per_job_logs stats write_bw_log write_lat_log write_iops_log write_hist_log log_entries log_avg_msec
  log_hist_msec log_hist_coarseness log_max_value log_window_value log_offset log_prio log_issue_time log_compression
  log_compression_cpus log_store_compressed log_unix_epoch log_alternate_epoch log_alternate_epoch_clock_id
  block_error_percentiles bwavgtime iopsavgtime disk_util disable_lat disable_clat disable_slat disable_bw_measurement
  clat_percentiles lat_percentiles slat_percentiles percentile_list significant_figures continue_on_error ignore_error
  error_dump

  ioengine fdp fdp_pli fdp_pli_select plids plid_select dataplacement dp_scheme stream_id cmd_type hipri
  hipri_percentage fixedbufs nonvectored force_async registerfiles sqthread_poll sqthread_poll_cpu userspace_reap
  nowait readfua cmdprio cmdprio_percentage cmdprio_class cmdprio_hint cmdprio_bssplit xnvme_async xnvme_sync
  xnvme_admin xnvme_mem xnvme_dev_nsid xnvme_dev_subnqn xnvme_iovec libblkio_driver libblkio_path
  libblkio_pre_connect_props libblkio_num_entries libblkio_queue_size libblkio_pre_start_props libblkio_vectored
  libblkio_write_zeroes_on_trim libblkio_wait_mode libblkio_force_enable_completion_eventfd

  cpuload cpuchunks cpumode exit_on_io_done namenode port hostname serverip direct_write_to_pmem busy_wait_polling
  interface ttl nodelay protocol listen pingpong window_size mss donorname inplace clustername rbdname clientname conf
  busy_poll touch_objects pool cont chunk_size object_class skip_bad hdfsdirectory verb bindname stat_type http_host
  http_user http_pass https http_mode http_s3_region http_s3_key http_s3_keyid http_s3_sse_customer_key
  http_s3_sse_customer_algorithm http_s3_storage_class http_swift_auth_token http_verbose uri gpu_dev_ids cuda_io
  xnvme_be initiator hdfs_use_direct no_completion_thread chunck_size rocm_io end_syncfs verify_policy verify_bytchk
  flow_watermark single_instance write_zone_remainder recover_zbd_write_error nfs_url program arguments grace_time std_redirect volume brick
`);

const THINKING = 'pauses by counting cycles of a processor; give the pause as a time: thinktime';
const INTEGRITY = 'asks for protection information or metadata; the emulated namespace has 512-byte blocks without any';

/** The options whose meaning would be lost by ignoring them, and why each cannot be honoured. */
export const REFUSED: ReadonlyMap<string, { readonly reason: string; readonly harmless: readonly string[] }> = new Map([
  ...refuse('thinkcycles', THINKING, '0'),
  ...refuse('write_barrier', 'asks for barrier writes, which Linux no longer has; use fsync', '0'),
  ...refuse('atomic', 'asks for writes that are not torn; the emulated controller reports no atomic write unit', '0'),
  ...refuse(
    'sync_file_range',
    'writes back pages of a file from the page cache, which direct I/O passes by; use fdatasync',
  ),
  ...refuse('sprandom', 'preconditions flash in an order of its own; the emulated device has no flash', '0'),
  ...refuse('merge_blktrace_file', 'merges binary blktrace files; write the merged log by write_iolog and replay that'),
  ...refuse('trim_percentage', 'trims what its verification wrote before (with trim_backlog); use rw=trimwrite', '0'),
  ...refuse(
    'num_range',
    'trims several ranges with one I/O; use iodepth_batch, as trims of a batch share a command',
    '1',
  ),
  ...refuse('bs_unaligned', 'asks for sizes that are no multiple of a 512-byte block', '0'),
  ...refuse('opendir', 'takes its files from a folder; name them by filename, or give their number by nrfiles'),
  ...refuse(
    'file_append',
    'begins where a file ends now; the emulated namespace has no files of an earlier run: use offset',
    '0',
  ),
  ...refuse('create_only', 'only creates files and does no I/O', '0'),
  ...refuse('verify_only', 'checks data of an earlier run; the emulated media starts empty', '0'),
  ...refuse('ramp_size', 'ends the warm-up by bytes; use ramp_time', '0'),
  ...refuse('profile', 'runs a workload built into fio; write its jobs out'),
  ...refuse('random_sequence_stride', 'is the stride of random_distribution=sequence, which fio 3.33 does not have'),
  ...refuse('percentage_sequential', 'is no longer supported by fio; percentage_random says the same'),
  ...refuse('read_mode', 'reads by another NVMe or SCSI command than Read', 'read'),
  ...refuse('write_mode sg_write_mode', 'writes by another NVMe or SCSI command than Write', 'write'),
  ...refuse('verify_mode', 'reads by another NVMe command than Read', 'read'),
  ...refuse('deac', 'deallocates blocks by Write Zeroes; use rw=trim', '0'),
  ...refuse('md_per_io_size pi_act pi_chk apptag apptag_mask', INTEGRITY, '0'),
]);

function refuse(
  names: string,
  reason: string,
  ...harmless: string[]
): [string, { reason: string; harmless: string[] }][] {
  return words(names).map((name) => [name, { reason, harmless }]);
}

/** Other words fio knows the same option by. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['readwrite', 'rw'],
  ['blocksize', 'bs'],
  ['blocksize_range', 'bsrange'],
  ['blocksize_unaligned', 'bs_unaligned'],
  ['blockalign', 'ba'],
  ['io_limit', 'io_size'],
  ['fill_fs', 'fill_device'],
  ['fileoffset', 'offset'],
  ['timeout', 'runtime'],
  ['iodepth_batch_submit', 'iodepth_batch'],
  ['iodepth_batch_complete', 'iodepth_batch_complete_min'],
  ['wait_for_previous', 'stonewall'],
  ['threads', 'thread'],
  ['nr_files', 'nrfiles'],
  ['ratemin', 'rate_min'],
  ['ratecycle', 'rate_cycle'],
  ['iomem', 'mem'],
  ['iomem_align', 'mem_align'],
  ['disable_bw', 'disable_bw_measurement'],
  ['ss', 'steadystate'],
  ['ss_dur', 'steadystate_duration'],
  ['ss_ramp', 'steadystate_ramp_time'],
  ['ss_interval', 'steadystate_check_interval'],
  ['proto', 'protocol'],
]);

const CLASSES: ReadonlyMap<string, OptionClass> = new Map([
  ...IMPLEMENTED.map((name) => [name, 'implemented'] as const),
  ...IGNORED.map((name) => [name, 'ignored'] as const),
  ...[...REFUSED.keys()].map((name) => [name, 'refused'] as const),
]);

/** Every word a job file may use, aliases too. */
export const OPTION_WORDS: readonly string[] = [...CLASSES.keys(), ...ALIASES.keys()];

/** fio's own name of an option, or undefined when fio has no such word. */
export function canonicalName(word: string): string | undefined {
  const name = ALIASES.get(word) ?? word;
  return CLASSES.has(name) ? name : undefined;
}

/** What the lab makes of an option, by its canonical name. */
export function optionClass(name: string): OptionClass {
  return CLASSES.get(name) ?? 'refused';
}
