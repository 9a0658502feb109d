#include "runnel_teardown.h"
