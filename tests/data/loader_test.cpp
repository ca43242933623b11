#include "lipsound2/data/loader.h"

#include <set>

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gmock/gmock.h>

#include "lipsound2/core/error.h"
#include "lipsound2/core/file.h"
#include "lipsound2/data/device_prefetcher.h"

#include "batch_builder.h"
#include "clip_store.h"
#include "data/resized.h"
#include "support/temporary_folder.h"
#include "support/toy_corpus.h"

namespace lipsound2::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Ten clips of 6 to 15 pictures, made once for all tests of the suite.
class LoaderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TemporaryFolder>();
    entries_.clear();
    ShardWriter writer(folder_->path() / "all.tar");
    for (int clip = 0; clip < 10; ++clip) {
      ManifestEntry entry = testing::toy_entry(clip, 6 + (7 * clip) % 10);
      entry.shard = "all.tar";
      writer.add(entry, testing::toy_clip(entry.id, clip, static_cast<int>(entry.frames)));
      entries_.push_back(entry);
    }
    writer.commit();
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static LoaderConfig small_config() {
    LoaderConfig config;
    config.batch_size = 4;
    return config;
  }
  static Loader make_loader(const LoaderConfig& config) {
    return {folder_->path(), entries_, config};
  }

  static inline std::unique_ptr<testing::TemporaryFolder> folder_;
  static inline std::vector<ManifestEntry> entries_;
};

std::vector<Batch> take_rest(Loader& loader) {
  std::vector<Batch> batches;
  while (std::optional<Batch> batch = loader.next())
    batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Batch> take_epoch(Loader& loader, std::int64_t epoch, std::int64_t first = 0) {
  loader.start(epoch, first);
  return take_rest(loader);
}

void expect_equal(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.texts, b.texts);
  EXPECT_TRUE(at::equal(a.faces, b.faces));
  EXPECT_TRUE(at::equal(a.mel, b.mel));
  EXPECT_TRUE(at::equal(a.face_lengths, b.face_lengths));
  EXPECT_TRUE(at::equal(a.mel_lengths, b.mel_lengths));
  EXPECT_EQ(a.samples, b.samples);
}

void expect_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    expect_equal(a[i], b[i]);
}

TEST_F(LoaderTest, GivesTheSameBatchesWhateverTheNumberOfThreads) {
  LoaderConfig config = small_config();
  Loader one = make_loader(config);
  const std::vector<Batch> expected = take_epoch(one, 3);

  for (const std::int64_t threads : {2, 4}) {
    config.threads = threads;
    config.prefetch = threads;
    Loader loader = make_loader(config);
    expect_equal(take_epoch(loader, 3), expected);
  }
}

TEST_F(LoaderTest, TakesEveryClipOncePerEpoch) {
  Loader loader = make_loader(small_config());
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<std::string> ids;
    const std::vector<Batch> batches = take_epoch(loader, epoch);
    for (const Batch& batch : batches)
      ids.insert(batch.ids.begin(), batch.ids.end());

    EXPECT_EQ(ids.size(), 10u);
    EXPECT_EQ(std::ssize(batches), loader.batches(epoch));
    EXPECT_EQ(batches.back().ids.size(), 2u);  // 10 = 2 * 4 + 2
  }
}

TEST_F(LoaderTest, ChangesOrderAndPicturesFromEpochToEpoch) {
  Loader loader = make_loader(small_config());
  std::set<std::vector<std::string>> first_batches;
  for (std::int64_t epoch = 0; epoch < 6; ++epoch)
    first_batches.insert(take_epoch(loader, epoch)[0].ids);
  EXPECT_GT(first_batches.size(), 2u);

  LoaderConfig listed = small_config();
  listed.order = Order::kAsListed;
  Loader in_order = make_loader(listed);
  const Batch first = take_epoch(in_order, 0)[0];
  const Batch second = take_epoch(in_order, 1)[0];
  EXPECT_EQ(first.ids, second.ids);
  EXPECT_TRUE(at::equal(first.mel, second.mel));
  EXPECT_FALSE(at::equal(first.faces, second.faces));
}

TEST_F(LoaderTest, GoesOnFromAnyBatchAsIfNeverStopped) {
  LoaderConfig config = small_config();
  config.threads = 2;
  Loader loader = make_loader(config);
  std::vector<Batch> rest = take_epoch(loader, 7);

  for (std::int64_t first = 1; first <= 3; ++first) {
    rest.erase(rest.begin());
    Loader fresh = make_loader(config);
    expect_equal(take_epoch(fresh, 7, first), rest);
  }
}

TEST_F(LoaderTest, CanBeStartedAgainInTheMiddleOfAnEpoch) {
  Loader loader = make_loader(small_config());
  const std::vector<Batch> expected = take_epoch(loader, 2);
  loader.start(1);
  loader.next();

  expect_equal(take_epoch(loader, 2), expected);
}

TEST_F(LoaderTest, PadsWithZerosAndTellsTheLengths) {
  LoaderConfig config = small_config();
  config.order = Order::kAsListed;
  config.augmented = false;
  config.with_samples = true;
  Loader loader = make_loader(config);
  const Batch batch = take_epoch(loader, 0)[0];

  // Clips 0 to 3 have 6, 13, 10 and 7 pictures; each picture is 640 samples or 4 mel frames.
  EXPECT_THAT(batch.ids, ElementsAre("toy/clip0", "toy/clip1", "toy/clip2", "toy/clip3"));
  EXPECT_THAT(batch.texts, ElementsAre("clip 0", "clip 1", "clip 2", "clip 3"));
  EXPECT_EQ(batch.faces.sizes(), (at::IntArrayRef{4, 1, 13, 64, 64}));
  EXPECT_EQ(batch.mel.sizes(), (at::IntArrayRef{4, 52, 80}));
  EXPECT_EQ(batch.samples[2].size(), 6400u);
  const std::int64_t lengths[] = {6, 13, 10, 7};
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(batch.face_lengths[i].item<std::int64_t>(), lengths[i]);
    EXPECT_EQ(batch.mel_lengths[i].item<std::int64_t>(), 4 * lengths[i]);
    EXPECT_EQ(batch.faces[i].narrow(1, lengths[i], 13 - lengths[i]).sum().item<double>(), 0);
    EXPECT_EQ(
        batch.mel[i].narrow(0, 4 * lengths[i], 52 - 4 * lengths[i]).abs().sum().item<double>(), 0);
    EXPECT_GT(batch.faces[i][0][lengths[i] - 1].min().item<int>(), 0);
  }
}

TEST_F(LoaderTest, BringsPicturesToTheirSizeAndSoundToMel) {
  LoaderConfig config = small_config();
  config.order = Order::kAsListed;
  config.augmented = false;
  Loader loader = make_loader(config);
  const Batch batch = take_epoch(loader, 0)[0];
  const Picture expected =
      resized(testing::toy_picture(testing::toy_height(/*clip=*/1, 2.5 / 25)), {72, 72});

  const Tensor face = batch.faces[1][0][2];
  for (const int y : {0, 20, 40, 63})
    EXPECT_NEAR(face[y][32].item<int>(),
                expected.pixels.at(static_cast<std::size_t>((y + 4) * 72 + 36)),
                6);  // JPEG at quality 90
  // The loudest band of the tone must rise with the blob.
  const Tensor low_high = batch.mel[1].argmax(1);
  EXPECT_NE(low_high.min().item<int>(), low_high.max().item<int>());
}

TEST_F(LoaderTest, GivesColorPicturesWhenAsked) {
  LoaderConfig config = small_config();
  config.faces.color = true;
  Loader loader = make_loader(config);

  EXPECT_EQ(take_epoch(loader, 0)[0].faces.size(1), 3);
}

TEST_F(LoaderTest, GivesTheSameClipsFromMemoryAsFromTheShard) {
  const LoaderConfig config = small_config();
  LoaderClock clock;
  const ShardSource source(folder_->path(), "");
  ClipStore kept({source, config, TensorPool(0), clock}, entries_, /*byte_limit=*/1 << 30);
  ClipStore fresh({source, config, TensorPool(0), clock}, entries_, /*byte_limit=*/1000);
  ASSERT_TRUE(kept.keeps());
  ASSERT_FALSE(fresh.keeps());

  for (std::int64_t i = 0; i < 10; ++i) {
    const auto first = kept.get(i);
    EXPECT_EQ(kept.get(i), first);
    EXPECT_NE(fresh.get(i), fresh.get(i));
    EXPECT_TRUE(at::equal(fresh.get(i)->pictures, first->pictures));
    EXPECT_TRUE(at::equal(fresh.get(i)->mel, first->mel));
  }
}

TEST_F(LoaderTest, GivesTheSameEpochFromMemoryAsTheFirstTime) {
  LoaderConfig config = small_config();
  config.threads = 2;
  Loader loader = make_loader(config);
  const std::vector<Batch> decoded = take_epoch(loader, 5);

  expect_equal(take_epoch(loader, 5), decoded);
}

TEST_F(LoaderTest, TellsTheMemoryThatAClipTakes) {
  LoaderClock clock;
  const ClipDecoder decoder({folder_->path(), ""}, small_config(), TensorPool(0), clock);
  const DecodedClip clip = decoder(entries_[0]);

  EXPECT_EQ(decoder.bytes(entries_[0].frames, entries_[0].samples),
            static_cast<std::int64_t>(clip.pictures.nbytes()) +
                static_cast<std::int64_t>(clip.mel.nbytes()));
}

TEST_F(LoaderTest, PassesBatchesThroughOnACpu) {
  Loader direct = make_loader(small_config());
  const std::vector<Batch> expected = take_epoch(direct, 1, 1);
  Loader loader = make_loader(small_config());
  DevicePrefetcher prefetcher(loader, c10::Device(c10::kCPU));

  prefetcher.start(1, 1);

  for (const Batch& batch : expected)
    expect_equal(prefetcher.next().value(), batch);
  EXPECT_FALSE(prefetcher.next().has_value());
}

TEST_F(LoaderTest, TellsWhereTimeGoes) {
  Loader loader = make_loader(small_config());
  EXPECT_EQ(loader.times().wait_ms, 0);

  take_epoch(loader, 0);

  const LoaderTimes times = loader.times();
  for (const double ms :
       {times.read_ms, times.decode_ms, times.sound_ms, times.augment_ms, times.wait_ms})
    EXPECT_GT(ms, 0);
  EXPECT_EQ(times.copy_ms, 0);
}

TEST_F(LoaderTest, RethrowsTheErrorOfAWorkerAfterTheBatchesBefore) {
  std::vector<ManifestEntry> entries = entries_;
  entries[6].crc32 ^= 1;
  LoaderConfig config = small_config();
  config.order = Order::kAsListed;
  config.threads = 2;
  Loader loader(folder_->path(), entries, config);
  loader.start(0);

  EXPECT_TRUE(loader.next().has_value());
  try {
    loader.next();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_THAT(error.what(), HasSubstr("all.tar: clip 'toy/clip6'"));
  }
}

TEST_F(LoaderTest, RefusesLengthsThatDoNotBelongTogether) {
  std::vector<ManifestEntry> entries = entries_;
  entries[0].samples -= 1;
  LoaderClock clock;
  const ClipDecoder decoder({folder_->path(), ""}, small_config(), TensorPool(0), clock);

  try {
    decoder(entries[0]);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("all.tar: clip 'toy/clip0': expected 3840 samples for 6 pictures"));
  }
}

TEST_F(LoaderTest, RefusesSoundOfAnotherRateThanTheMelSettings) {
  LoaderConfig config = small_config();
  config.mel.sample_rate = 22050;
  LoaderClock clock;
  const ClipDecoder decoder({folder_->path(), ""}, config, TensorPool(0), clock);

  EXPECT_THAT([&] { decoder(entries_[0]); },
              ::testing::ThrowsMessage<Error>(HasSubstr("expected sound at 22050 Hz")));
}

/// Batches of epoch 1 whose pictures the prefetcher finishes, on the CPU.
void expect_finished_later(Loader&& loader,
                           Transport transport,
                           const std::vector<Batch>& expected) {
  DevicePrefetcher prefetcher(loader, c10::Device(c10::kCPU), transport);

  prefetcher.start(1);

  for (const Batch& batch : expected)
    expect_equal(prefetcher.next().value(), batch);
  EXPECT_FALSE(prefetcher.next().has_value());
}

TEST_F(LoaderTest, GivesTheSameBatchesWhenTheDeviceDecodesAndCutsThem) {
  LoaderConfig config = small_config();
  config.augment.erase = 0.5;
  config.augment.blank = 0.5;
  for (const bool color : {false, true}) {
    config.faces.color = color;
    config.pictures = PictureState::kFinished;
    Loader direct = make_loader(config);
    const std::vector<Batch> expected = take_epoch(direct, 1);
    for (const PictureState pictures : {PictureState::kUncut, PictureState::kJpeg})
      for (const Transport transport : {Transport::kDirect, Transport::kAhead}) {
        config.pictures = pictures;
        expect_finished_later(make_loader(config), transport, expected);
      }
  }
}

TEST_F(LoaderTest, LeavesPicturesToDevicesOnly) {
  EXPECT_EQ(pictures_for(c10::Device(c10::kCPU)), PictureState::kFinished);
  EXPECT_NE(pictures_for(c10::Device(c10::kCUDA)), PictureState::kFinished);
}

DecodedClip filled_clip(std::int64_t frames, int pixel, float mel) {
  return {at::full({1, frames, 2, 2}, pixel, at::kByte), {}, at::full({4 * frames, 3}, mel), {}};
}

TEST(BatchBuilder, KeepsEveryValueInItsPlace) {
  LoaderConfig config;
  config.faces = {.size = 2, .resize_to = 2};
  config.mel.bands = 3;
  BatchBuilder builder({{2, 8}, {3, 12}}, config, TensorPool(0));
  builder.put(1, {"b", "y", std::make_shared<DecodedClip>(filled_clip(3, 9, 2)), {}});
  builder.put(0, {"a", "x", std::make_shared<DecodedClip>(filled_clip(2, 7, 1)), {}});

  const Batch batch = builder.finish();

  EXPECT_THAT(batch.ids, ElementsAre("a", "b"));
  EXPECT_THAT(batch.texts, ElementsAre("x", "y"));
  EXPECT_EQ(batch.faces.sum().item<int>(), 8 * 7 + 12 * 9);
  EXPECT_EQ(batch.mel.sum().item<float>(), 24 + 2 * 36);
  EXPECT_EQ(batch.faces[0][0][2].sum().item<int>(), 0);
  EXPECT_EQ(batch.mel[1][11][2].item<float>(), 2);
  EXPECT_TRUE(batch.samples.empty());
}

}  // namespace
}  // namespace lipsound2::data
