// What the header declares is inline: this only holds it to being valid C by itself.
#include "runnel_teardown.h"
