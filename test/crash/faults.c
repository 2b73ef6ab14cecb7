// A library to preload that fails calls of a real process: the n-th call on files of one folder, counted over all
// threads, gives the error asked for, once or from then on. Built and set up by faulty.ts.
//
// The environment says what to do: QUIRE_FAULT_FOLDER (only files whose path begins with it are touched), QUIRE_FAULT_AT
// (from 1; 0 fails nothing), QUIRE_FAULT_ERROR (an errno), QUIRE_FAULT_FOREVER (1 or 0), QUIRE_FAULT_SPACE (1 counts only
// calls that a full disk can refuse) and QUIRE_FAULT_TOLD: a file that gets a line for each failed call, or, where none
// is to fail, for each counted one. QUIRE_CLOCK names a file whose length in seconds the clock is set back by.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 4096, PATH_BYTES = 512 };

/** The paths of open files that may fail; empty for all others. */
static char paths[DESCRIPTORS_MAX][PATH_BYTES];
static atomic_long calls_count;

static long setting(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : atol(text);
}

static int is_ours(const char *path) {
  const char *folder = getenv("QUIRE_FAULT_FOLDER");
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static void tell(const char *call, const char *path) {
  const char *told = getenv("QUIRE_FAULT_TOLD");
  char line[PATH_BYTES + 32];
  int length = snprintf(line, sizeof line, "%s %s\n", call, path);
  long file = told == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, told, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || length < 0) return;
  if (syscall(SYS_write, file, line, (size_t)length) < 0) abort();
  syscall(SYS_close, file);
}

/** Whether this call is to fail; errno is set then. */
static int fails(const char *call, const char *path, int needs_space) {
  if (path == NULL || path[0] == 0) return 0;
  if (setting("QUIRE_FAULT_SPACE") && !needs_space) return 0;
  long number = atomic_fetch_add(&calls_count, 1) + 1;
  long at = setting("QUIRE_FAULT_AT");
  int is_hit = at > 0 && (number == at || (number > at && setting("QUIRE_FAULT_FOREVER")));
  if (is_hit || at == 0) tell(call, path);
  if (is_hit) errno = (int)setting("QUIRE_FAULT_ERROR");
  return is_hit;
}

static const char *path_of(int file) { return file >= 0 && file < DESCRIPTORS_MAX ? paths[file] : NULL; }

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                    \
  int name(const char *path, int flags, ...) {                                        \
    va_list rest;                                                                     \
    va_start(rest, flags);                                                            \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                         \
    va_end(rest);                                                                     \
    if (is_ours(path) && fails("open", path, (flags & O_CREAT) != 0)) return -1;      \
    int file = NEXT(name)(path, flags, mode);                                         \
    if (file >= 0 && file < DESCRIPTORS_MAX)                                          \
      snprintf(paths[file], PATH_BYTES, "%s", is_ours(path) ? path : "");             \
    return file;                                                                      \
  }
OPEN(open)
OPEN(open64)

int close(int file) {
  if (file >= 0 && file < DESCRIPTORS_MAX) paths[file][0] = 0;
  return NEXT(close)(file);
}

#define READ(name, offset_type)                                                       \
  ssize_t name(int file, void *bytes, size_t length, offset_type offset) {            \
    return fails("read", path_of(file), 0) ? -1 : NEXT(name)(file, bytes, length, offset); \
  }
READ(pread, off_t)
READ(pread64, off64_t)

#define WRITE(name, offset_type)                                                      \
  ssize_t name(int file, const void *bytes, size_t length, offset_type offset) {      \
    return fails("write", path_of(file), 1) ? -1 : NEXT(name)(file, bytes, length, offset); \
  }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

#define LENGTH(name, offset_type)                                                     \
  int name(int file, offset_type length) {                                            \
    return fails("truncate", path_of(file), 1) ? -1 : NEXT(name)(file, length);       \
  }
LENGTH(ftruncate, off_t)
LENGTH(ftruncate64, off64_t)

int fsync(int file) { return fails("sync", path_of(file), 1) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { return fails("sync", path_of(file), 1) ? -1 : NEXT(fdatasync)(file); }

int rename(const char *from, const char *to) {
  return is_ours(from) && fails("rename", from, 0) ? -1 : NEXT(rename)(from, to);
}

int unlink(const char *path) { return is_ours(path) && fails("unlink", path, 0) ? -1 : NEXT(unlink)(path); }

/** Seconds that the clock is set back by. */
static long seconds_back(void) {
  const char *back = getenv("QUIRE_CLOCK");
  struct stat found;
  return back != NULL && stat(back, &found) == 0 ? (long)found.st_size : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int status = (int)syscall(SYS_clock_gettime, clock, now);
  if (status == 0 && clock == CLOCK_REALTIME) now->tv_sec -= seconds_back();
  return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int status = (int)syscall(SYS_gettimeofday, now, zone);
  if (status == 0) now->tv_sec -= seconds_back();
  return status;
}
