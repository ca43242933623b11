#pragma once

#include "lipsound2/core/error.h"
