/*
 * What the host put into the initramfs for the first process to start: drivers that the kernel has as modules, and services.
 * src/ramdisk/additions has the host's side.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where busybox's runit looks for services. */
#define SERVICES "/var/service"

static void load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		say("cannot load %s: %s", path, strerror(errno));
		return;
	}
	/* There already, or for hardware that this machine has not: both are as good. */
	if (syscall(SYS_finit_module, fd, options, 0) != 0 && errno != EEXIST && errno != ENODEV)
		say("cannot load %s: %s", path, strerror(errno));
	close(fd);
}

/* One line for each module, in the order in which they need each other: its path, and its options after a space. */
static void load_list(const char *path)
{
	FILE *list = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (list == NULL)
		return;
	while (getline(&line, &size, list) > 0) {
		line[strcspn(line, "\n")] = '\0';
		char *options = strchr(line, ' ');
		if (options != NULL)
			*options++ = '\0';
		if (line[0] != '\0')
			load(line, options == NULL ? "" : options);
	}
	free(line);
	fclose(list);
}

/* What this boot brought, and before it what is in the image that it began with. */
void load_modules(void)
{
	load_list("/etc/eulab/modules");
	load_list("/etc/eulab/modules.boot");
}

void start_services(void)
{
	if (access(SERVICES, F_OK) != 0 || fork() != 0)
		return;
	setsid();
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);
	for (int stream = 0; fd >= 0 && stream < 3; stream++)
		dup2(fd, stream);
	if (fd > 2)
		close(fd);
	execlp("runsvdir", "runsvdir", SERVICES, NULL);
	say("the services cannot be started: there is no runsvdir in this initramfs");
	_exit(127);
}
