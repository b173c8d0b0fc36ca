{
  "targets": [
    {
      "target_name": "mprof",
      "sources": [
        "native/addon.cc",
        "native/atomics_exports.cc",
        "native/atomics_waiters.cc",
        "native/bucket_table.cc",
        "native/clocks.cc",
        "native/copy_exports.cc",
        "native/cpu_columns.cc",
        "native/cpu_exports.cc",
        "native/cpu_merge.cc",
        "native/cpu_profile_reader.cc",
        "native/cpu_profiler.cc",
        "native/cpu_time_log.cc",
        "native/cpu_windows.cc",
        "native/environment.cc",
        "native/file_url.cc",
        "native/gc_log.cc",
        "native/gzip_file.cc",
        "native/harvest_scheduler.cc",
        "native/heap_exports.cc",
        "native/heap_profile_writer.cc",
        "native/heap_sampler.cc",
        "native/near_heap_limit.cc",
        "native/near_heap_limit_exports.cc",
        "native/pending_awaits.cc",
        "native/pending_exports.cc",
        "native/pin_library.cc",
        "native/profile_table.cc",
        "native/promise_exports.cc",
        "native/promise_probe.cc",
        "native/spare_threads.cc",
        "native/stack_mapper.cc",
        "native/stack_table.cc",
        "native/table_copy.cc",
        "native/table_exports.cc",
        "native/thread_cpu_clock.cc",
        "native/thread_exports.cc",
        "native/thread_parts.cc",
        "native/threads.cc",
        "native/to_js.cc",
        "native/turn_tracker.cc",
        "native/unseen_estimator.cc",
        "native/wrap_call.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc": ["-Wall", "-Wextra"],
      "xcode_settings": {
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "WARNING_CFLAGS": ["-Wall", "-Wextra"]
      },
      "msvs_settings": { "VCCLCompilerTool": { "WarningLevel": 3 } }
    }
  ]
}
