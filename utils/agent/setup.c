/*
 * What every program expects of a system: mounts, devices, folders of the host. In C and not in a script because each program that a
 * script starts costs some ten milliseconds under emulation, and all of this takes one.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *type, *target;
	unsigned long flags;
	const char *options;
	/* Stays as it is when there is something in it. */
	bool kept;
} mounts[] = {
	{ "devtmpfs", "/dev", 0, NULL, false },
	{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, false },
	{ "devpts", "/dev/pts", 0, "mode=620,gid=5", false },
	{ "tmpfs", "/dev/shm", 0, "mode=1777", false },
	{ "tmpfs", "/run", 0, "mode=755", true },
	{ "tmpfs", "/tmp", 0, "mode=1777", true },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "fd/0" },
	{ "/dev/stdout", "fd/1" },
	{ "/dev/stderr", "fd/2" },
};

void mount_all(bool initramfs)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		/* What the host put into the initramfs there is to be seen. */
		if (initramfs && mounts[i].kept && folder_has(mounts[i].target, ""))
			continue;
		/* Busy: the kernel or an initramfs before this system has mounted it. */
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].options) == 0 || errno == EBUSY)
			continue;
		if (i == 0)
			say("no devtmpfs in this kernel (CONFIG_DEVTMPFS): /dev has only what the initramfs brought");
		else
			say("cannot mount %s on %s: %s", mounts[i].type, mounts[i].target, strerror(errno));
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		symlink(links[i].target, links[i].path);
}

/* mkdir -p; that the last one cannot be made is told by what is done with it. */
static void make_folders(const char *path)
{
	char part[4096];

	for (size_t i = 1; path[0] != '\0' && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0755);
		if (path[i] == '\0')
			return;
	}
}

bool enter_shares(const struct words *words, char *why, size_t size)
{
	for (size_t i = 0; i < words->share_count; i++) {
		const struct share *share = &words->shares[i];
		/* mmap: for programs that map files shared, and nothing else of the host's is held back in the guest. */
		const char *options = strcmp(share->type, "9p") == 0 ? "trans=virtio,version=9p2000.L,msize=512000,cache=mmap" : NULL;
		make_folders(share->folder);
		if (mount(share->tag, share->folder, share->type, share->read_only ? MS_RDONLY : 0, options) == 0)
			continue;
		if (errno == ENODEV)
			snprintf(why, size, "the host's folder cannot be mounted at %s: this kernel needs %s", share->folder,
				 options == NULL ? "CONFIG_VIRTIO_FS" : "CONFIG_9P_FS and CONFIG_NET_9P_VIRTIO");
		else
			snprintf(why, size, "the host's folder cannot be mounted at %s: %s", share->folder, strerror(errno));
		return false;
	}
	if (words->folder == NULL || chdir(words->folder) == 0)
		return true;
	snprintf(why, size, "there is no folder %s in the guest", words->folder);
	return false;
}
