#include "lipsound2/train/checkpoint.h"

#include <csignal>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"

#include "support/error_text.h"
#include "support/temporary_folder.h"

namespace lipsound2::train {
namespace {

using lipsound2::testing::error_text;
using lipsound2::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;

TensorFile every_type() {
  TensorFile content;
  content.tensors["weight"] = at::arange(6, at::kFloat).view({2, 3});
  content.tensors["double"] = at::tensor({0.1, -2.5}, at::kDouble);
  content.tensors["count"] = at::zeros({}, at::kLong);
  content.tensors["bytes"] = at::tensor({1, 2, 255}, at::kByte);
  content.tensors["a_mask"] = at::tensor({1, 0, 1}, at::kByte).to(at::kBool);
  content.tensors["empty"] = at::zeros({0, 4});
  content.metadata = {{"config", "a: \"b\"\nchecksum\":\"deadbeef"}, {"trainer", "{\"step\":3}"}};
  return content;
}

bool same_tensors(const TensorFile& a, const TensorFile& b) {
  if (a.tensors.size() != b.tensors.size())
    return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.scalar_type() != tensor.scalar_type() ||
        !at::equal(tensor, other->second))
      return false;
  }
  return true;
}

TensorFile without_checksum(TensorFile content) {
  content.metadata.erase("checksum");
  return content;
}

// The message of the Error that loading throws; empty when it loads.
std::string load_error(const std::filesystem::path& file) {
  try {
    load_tensors(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "";
}

std::string with_header(const std::string& header, std::size_t data_bytes) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(data_bytes, '\0');
}

TEST(Checkpoint, GivesBackEveryTypeAndText) {
  const TemporaryFolder folder;

  save_tensors(folder / "a.safetensors", every_type());
  const TensorFile loaded = load_tensors(folder / "a.safetensors");

  EXPECT_TRUE(same_tensors(loaded, every_type()));
  EXPECT_EQ(without_checksum(loaded).metadata, every_type().metadata);
}

TEST(Checkpoint, IsTheSameBytesForTheSameContent) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", every_type());

  save_tensors(folder / "b.safetensors", load_tensors(folder / "a.safetensors"));

  EXPECT_EQ(read_file(folder / "a.safetensors"), read_file(folder / "b.safetensors"));
}

TEST(Checkpoint, StoresTransposedTensorsAsTheyRead) {
  const TemporaryFolder folder;
  const Tensor transposed = at::arange(6, at::kFloat).view({2, 3}).t();

  save_tensors(folder / "a.safetensors", {{{"x", transposed}}, {}});

  EXPECT_TRUE(at::equal(load_tensors(folder / "a.safetensors").tensors.at("x"), transposed));
}

TEST(CheckpointReference, HasTheBytesThatTheFormatNames) {
  // Layout: github.com/huggingface/safetensors, README, "Format". Checksum: Python 3.11,
  // zlib.crc32, scripts/reference/make_train_reference.py.
  const TemporaryFolder folder;

  save_tensors(folder / "a.safetensors", {{{"x", at::tensor({1.0F, -2.0F})}}, {}});

  EXPECT_EQ(read_file(folder / "a.safetensors"),
            std::string("\x60\0\0\0\0\0\0\0", 8) +
                R"({"__metadata__":{"checksum":"a2afaf5c"},)"
                R"("x":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}}   )" +
                std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
}

TEST(CheckpointFault, NoticesEveryFlippedByte) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", every_type());
  const std::string bytes = read_file(folder / "a.safetensors");

  std::size_t unnoticed = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x01);
    write_file(folder / "b.safetensors", damaged);
    if (!load_error(folder / "b.safetensors").empty())
      continue;
    ++unnoticed;  // Only the word "checksum" itself can change: the content is whole then.
    EXPECT_TRUE(same_tensors(load_tensors(folder / "b.safetensors"), every_type())) << i;
  }

  EXPECT_LE(unnoticed, std::string("checksum").size());
}

TEST(CheckpointFault, NamesTheFileThatIsTruncated) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", every_type());
  const std::string bytes = read_file(folder / "a.safetensors");

  for (const std::size_t length : {std::size_t{0},
                                   std::size_t{7},
                                   std::size_t{8},
                                   std::size_t{100},
                                   bytes.size() / 2,
                                   bytes.size() - 1}) {
    write_file(folder / "b.safetensors", bytes.substr(0, length));
    EXPECT_THAT(load_error(folder / "b.safetensors"),
                AllOf(HasSubstr("b.safetensors: expected"), HasSubstr("found")))
        << length;
  }
}

TEST(CheckpointFault, SaysHowManyBytesATruncatedFileLacks) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", {{{"x", at::zeros({10})}}, {}});
  const std::string bytes = read_file(folder / "a.safetensors");

  write_file(folder / "a.safetensors", bytes.substr(0, bytes.size() - 1));

  EXPECT_THAT(load_error(folder / "a.safetensors"),
              HasSubstr("expected 40 bytes of tensors, found 39; the file is truncated"));
}

TEST(Checkpoint, GivesItsMetadataWithoutItsTensors) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", every_type());

  const auto expected = load_tensors(folder / "a.safetensors").metadata;
  EXPECT_EQ(load_metadata(folder / "a.safetensors"), expected);
  EXPECT_THAT(error_text([&] { load_metadata(folder / "none.safetensors"); }, ErrorKind::kIo),
              HasSubstr("none.safetensors: cannot be read"));
  const std::string bytes = read_file(folder / "a.safetensors");
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, bytes.size() - 1}) {
    write_file(folder / "b.safetensors", bytes.substr(0, length));
    EXPECT_THAT(error_text([&] { load_metadata(folder / "b.safetensors"); }, ErrorKind::kData),
                HasSubstr("b.safetensors: expected"))
        << length;
  }
}

TEST(CheckpointFault, TellsOtherFormatsApart) {
  const TemporaryFolder folder;
  write_file(folder / "torch.pt", "PK\x03\x04 and so on");
  write_file(folder / "text.txt", "This is a text, not a checkpoint of any kind.");
  write_file(folder / "object.safetensors", with_header(R"({"x":{"dtype":3}})", 0));

  EXPECT_THAT(load_error(folder / "torch.pt"), HasSubstr("found a zip archive"));
  EXPECT_THAT(load_error(folder / "text.txt"), HasSubstr("expected a safetensors file"));
  EXPECT_THAT(load_error(folder / "object.safetensors"), HasSubstr("expected the header"));
}

TEST(CheckpointFault, NamesATypeThatIsNotSupported) {
  const TemporaryFolder folder;
  write_file(folder / "half.safetensors",
             with_header(R"({"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4));

  EXPECT_THAT(load_error(folder / "half.safetensors"),
              HasSubstr("tensor x: expected type F32, F64, I64, U8 or BOOL, found F16"));
}

TEST(CheckpointFault, RefusesPlacesThatOverlapOrOverflow) {
  const TemporaryFolder folder;
  write_file(folder / "overlap.safetensors",
             with_header(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                         R"("y":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                         6));
  write_file(
      folder / "overflow.safetensors",
      with_header(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
                  0));

  EXPECT_THAT(load_error(folder / "overlap.safetensors"),
              HasSubstr("tensor y: expected its bytes at 4"));
  EXPECT_THAT(load_error(folder / "overflow.safetensors"), HasSubstr("tensor x: expected"));
}

TEST(CheckpointFault, KeepsTheFormerFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  save_tensors(folder / "a.safetensors", every_type());
  const std::string before = read_file(folder / "a.safetensors");
  struct rlimit former = {};
  ::getrlimit(RLIMIT_FSIZE, &former);
  const auto former_handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {1 << 16, former.rlim_max};

  ::setrlimit(RLIMIT_FSIZE, &small);
  ErrorKind kind = ErrorKind::kUsage;
  try {
    save_tensors(folder / "a.safetensors", {{{"x", at::zeros({1 << 20})}}, {}});
  } catch (const Error& error) {
    kind = error.kind();
  }
  ::setrlimit(RLIMIT_FSIZE, &former);
  std::signal(SIGXFSZ, former_handler);

  EXPECT_EQ(kind, ErrorKind::kIo);
  EXPECT_EQ(read_file(folder / "a.safetensors"), before);
}

TEST(LoadWeights, CopiesParametersAndBuffers) {
  torch::nn::BatchNorm1d source(2);
  source->running_mean.fill_(3);
  source->num_batches_tracked.fill_(5);
  TensorFile content;
  for (const auto& [name, tensor] : module_tensors(*source))
    content.tensors["model." + name] = tensor.detach();
  torch::nn::BatchNorm1d target(2);

  load_weights(*target, content, "model.", "a.safetensors");

  EXPECT_EQ(target->running_mean[1].item<float>(), 3);
  EXPECT_EQ(target->num_batches_tracked.item<std::int64_t>(), 5);
}

TEST(LoadWeights, ListsAllThatDoesNotFitAndChangesNothing) {
  torch::nn::Linear module(3, 2);
  const Tensor before = module->bias.detach().clone();
  TensorFile content;
  content.tensors["model.weight"] = at::zeros({2, 4});
  content.tensors["model.wieght"] = at::zeros({2, 3});
  content.tensors["ema.other"] = at::zeros({1});

  std::string message;
  try {
    load_weights(*module, content, "model.", "a.safetensors");
  } catch (const Error& error) {
    message = error.what();
  }

  EXPECT_EQ(message,
            "a.safetensors: its tensors do not fit the network:\n"
            "  missing: model.bias, Float [2]\n"
            "  mismatched: model.weight, expected Float [2, 3], found Float [2, 4]\n"
            "  unexpected: model.wieght, Float [2, 3]");
  EXPECT_TRUE(at::equal(module->bias, before));
}

TEST(LoadFittingWeights, LoadsAroundWhatDoesNotFitAndListsIt) {
  torch::nn::Linear module(3, 2);
  const Tensor before = module->weight.detach().clone();
  TensorFile content;
  content.tensors["model.weight"] = at::zeros({2, 4});
  content.tensors["model.bias"] = at::tensor({3.0F, 4.0F});
  content.tensors["model.extra"] = at::zeros({1});

  const auto misfits = load_fitting_weights(*module, content, "model.", "a.safetensors");

  ASSERT_EQ(misfits.size(), 2U);
  EXPECT_EQ(misfits[0].name, "weight");
  EXPECT_EQ(misfits[0].reason,
            "mismatched: model.weight, expected Float [2, 3], found Float [2, 4]");
  EXPECT_EQ(misfits[1].name, "extra");
  EXPECT_TRUE(at::equal(module->weight, before));
  EXPECT_EQ(module->bias[1].item<float>(), 4);
}

TEST(LoadFittingWeights, RefusesAFileOfWhichNothingFits) {
  torch::nn::Linear module(3, 2);

  try {
    load_fitting_weights(*module, {{{"model.w", at::zeros({2})}}, {}}, "model.", "a.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_STREQ(error.what(), "a.safetensors: not one of its 1 tensors fits the network");
  }
}

}  // namespace
}  // namespace lipsound2::train
