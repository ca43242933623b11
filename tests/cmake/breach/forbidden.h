#pragma once

#include "lipsound2/core/error.h"
#include "lipsound2/train/trainer.h"
