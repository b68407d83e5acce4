/* What concerns the whole guest: its console, its clock, its end. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* linux/random.h, which musl does not bring: random(4). */
struct entropy {
	int bits, size;
	uint8_t data[64];
};
#define ADD_ENTROPY _IOW('R', 0x03, int[2])
#define RESEED _IO('R', 0x07)

void say(const char *format, ...)
{
	va_list list;
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "eulab: ");
	va_start(list, format);
	vdprintf(fd, format, list);
	va_end(list);
	dprintf(fd, "\n");
	close(fd);
}

bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = '\0';
	return got > 0;
}

bool folder_has(const char *path, const char *beginning)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (folder == NULL)
		return false;
	while (!found && (entry = readdir(folder)) != NULL)
		found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
	closedir(folder);
	return found;
}

bool console_path(char *path, size_t size)
{
	char names[256];

	if (!read_text("/sys/class/tty/console/active", names, sizeof(names)))
		return false;
	names[strcspn(names, "\n")] = '\0';
	/* The last one is /dev/console. */
	const char *last = strrchr(names, ' ');
	snprintf(path, size, "/dev/%s", last == NULL ? names : last + 1);
	return true;
}

void console_resize(const struct frame *frame)
{
	char path[300];

	if (frame->length != 4 || !console_path(path, sizeof(path)))
		return;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	struct winsize window = { .ws_row = get16(frame->data), .ws_col = get16(frame->data + 2) };
	ioctl(fd, TIOCSWINSZ, &window);
	close(fd);
}

static void set_address(const uint8_t *address)
{
	struct ifreq request = { .ifr_name = "eth0" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, address, 6);
	if (ioctl(fd, SIOCSIFHWADDR, &request) != 0)
		say("the hardware address of eth0 stays that of the saved state");
	close(fd);
}

/* seconds u64, nanoseconds u32, 64 bytes of entropy, hardware address (6 bytes; all zero: as it is). */
void renew(struct channel *channel, const struct frame *frame)
{
	static const uint8_t nothing[6];

	if (frame->length != 8 + 4 + 64 + 6)
		return;
	struct timespec now = {
		.tv_sec = (time_t)(get32(frame->data) | (uint64_t)get32(frame->data + 4) << 32),
		.tv_nsec = (long)get32(frame->data + 8),
	};
	clock_settime(CLOCK_REALTIME, &now);

	struct entropy entropy = { .bits = 8 * 64, .size = 64 };
	memcpy(entropy.data, frame->data + 12, 64);
	int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, ADD_ENTROPY, &entropy) != 0 || ioctl(fd, RESEED) != 0)
		say("the random numbers of this kernel could not be seeded anew");
	if (fd >= 0)
		close(fd);
	if (memcmp(frame->data + 76, nothing, 6) != 0)
		set_address(frame->data + 76);
	channel_send(channel, RENEWED, 0, 0, NULL, 0);
}

/* The last mounts first; what cannot be unmounted is at least written. */
static void unmount_all(void)
{
	static char text[64 * 1024];

	read_text("/proc/self/mounts", text, sizeof(text));
	for (size_t end = strlen(text); end > 0;) {
		size_t line = end - 1;
		while (line > 0 && text[line - 1] != '\n')
			line--;
		text[end - 1] = '\0';
		char device[256], place[1024];
		if (sscanf(text + line, "%255s %1023s", device, place) == 2 && strncmp(device, "/dev/", 5) == 0)
			if (umount2(place, 0) != 0)
				mount(NULL, place, NULL, MS_REMOUNT | MS_RDONLY, NULL);
		end = line;
	}
}

void end_machine(int command)
{
	if (getpid() == 1) {
		kill(-1, SIGKILL);
		/* Killed, not gone: what they had open keeps a disk busy until they are. */
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	sync();
	unmount_all();
	sync();
	reboot(command);
	for (;;)
		pause();
}

void power_off(void)
{
	end_machine(RB_POWER_OFF);
}
