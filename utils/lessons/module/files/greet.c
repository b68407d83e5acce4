#include <linux/module.h>

static int __init greet_init(void)
{
	pr_info("greet: hello, nobody\n");
	return -ENODEV;
}

static void __exit greet_exit(void)
{
}

module_init(greet_init);
module_exit(greet_exit);
MODULE_LICENSE("GPL");
