#include "lipsound2/lip2mel/lip2mel.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

namespace lipsound2::lip2mel {
namespace {

Lip2MelConfig tiny_network() {
  Lip2MelConfig config;
  config.encoder = {.face_size = 16, .channels = {6, 8}, .lstm = 16};
  config.decoder.bands = 8;
  config.decoder.frames_per_step = 4;
  config.decoder.prenet = 16;
  config.decoder.attention = {.dim = 16, .location_filters = 4, .location_kernel = 7};
  config.decoder.attention_lstm = 32;
  config.decoder.decoder_lstm = 32;
  config.postnet.channels = 16;
  return config;
}

Tensor random_faces(std::int64_t clips, std::int64_t pictures) {
  return torch::randint(256, {clips, 1, pictures, 16, 16}, torch::kByte);
}

Tensor true_lengths(std::vector<std::int64_t> lengths) {
  return torch::tensor(lengths, torch::kLong);
}

double greatest_difference(const Tensor& a, const Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(Encoder, GivesTheSameForAClipAloneAndPadded) {
  torch::manual_seed(1);
  Encoder encoder(tiny_network().encoder);
  encoder->eval();
  const Tensor faces = random_faces(3, 9);

  const Tensor together = encoder->forward(faces, true_lengths({9, 5, 7}));
  const Tensor alone = encoder->forward(faces.slice(0, 1, 2).slice(2, 0, 5), true_lengths({5}));

  EXPECT_LT(greatest_difference(together[1].slice(0, 0, 5), alone[0]), 1e-5);
  EXPECT_EQ(together[1].slice(0, 5).abs().sum().item<float>(), 0);
}

TEST(Encoder, IgnoresWhatPaddedPicturesShowInTraining) {
  torch::manual_seed(1);
  EncoderConfig config = tiny_network().encoder;
  config.dropout = 0;
  Encoder encoder(config);
  const Tensor faces = random_faces(2, 6);
  Tensor other = faces.clone();
  other[1].slice(1, 4).fill_(255);

  const Tensor a = encoder->forward(faces, true_lengths({6, 4}));
  const Tensor b = encoder->forward(other, true_lengths({6, 4}));

  EXPECT_LT(greatest_difference(a, b), 1e-6);
}

TEST(EncoderConfig, CountsTheFeaturesOfBothReferenceNetworks) {
  // 128 channels x 2 x 2 pixels, and 256 x 3 x 3.
  EXPECT_EQ(EncoderConfig{}.features(), 512);
  EXPECT_EQ((EncoderConfig{.face_channels = 3, .face_size = 112, .channels = {32, 64, 128, 256}}
                 .features()),
            2304);
}

TEST(Postnet, GivesTheSameForAClipAloneAndPadded) {
  torch::manual_seed(2);
  Postnet postnet(PostnetConfig{.channels = 16}, /*bands=*/8);
  postnet->eval();
  const Tensor mel = torch::randn({2, 20, 8});

  const Tensor together = postnet->forward(mel, true_lengths({20, 13}));
  const Tensor alone = postnet->forward(mel.slice(0, 1, 2).slice(1, 0, 13), true_lengths({13}));

  EXPECT_LT(greatest_difference(together[1].slice(0, 0, 13), alone[0]), 1e-5);
  EXPECT_EQ(together[1].slice(0, 13).abs().sum().item<float>(), 0);
}

/// A network with nothing random in it but its weights.
Lip2Mel calm_network(std::int64_t frames_per_step) {
  Lip2MelConfig config = tiny_network();
  config.decoder.frames_per_step = frames_per_step;
  torch::manual_seed(3);
  Lip2Mel network(config);
  network->eval();
  return network;
}

void expect_same_alone_and_padded(std::int64_t frames_per_step) {
  Lip2Mel network = calm_network(frames_per_step);
  const Tensor faces = random_faces(3, 8);

  const Ensemble ensemble{.draws = 2, .mirrored = true};

  const Lip2MelOutput together = network->generate(faces, true_lengths({8, 5, 3}), ensemble);
  const Lip2MelOutput alone =
      network->generate(faces.slice(0, 1, 2).slice(2, 0, 5), true_lengths({5}), ensemble);

  EXPECT_EQ(together.mel.sizes(), (std::vector<std::int64_t>{3, 32, 8}));
  EXPECT_EQ(alone.mel.sizes(), (std::vector<std::int64_t>{1, 20, 8}));
  EXPECT_LT(greatest_difference(together.mel[1].slice(0, 0, 20), alone.mel[0]), 1e-5);
  EXPECT_EQ(together.mel[1].slice(0, 20).abs().sum().item<float>(), 0);
  EXPECT_EQ(together.mel_before[1].slice(0, 20).abs().sum().item<float>(), 0);
}

TEST(Lip2Mel, GeneratesTheSameForAClipAloneAndPadded) {
  expect_same_alone_and_padded(/*frames_per_step=*/4);
}

TEST(Lip2Mel, AveragesAPictureAndItsMirrorImage) {
  Lip2MelConfig config = tiny_network();
  config.decoder.prenet_dropout = 0;
  torch::manual_seed(3);
  Lip2Mel network(config);
  network->eval();
  const Tensor faces = random_faces(2, 6), lengths = true_lengths({6, 4});

  const Tensor both = network->generate(faces, lengths, {.draws = 1, .mirrored = true}).mel;
  const Tensor plain = network->generate(faces, lengths, {}).mel;
  const Tensor mirrored = network->generate(faces.flip(4), lengths, {}).mel;

  EXPECT_GT(greatest_difference(plain, mirrored), 1e-3);
  EXPECT_LT(greatest_difference(both, (plain + mirrored) / 2), 1e-5);
}

TEST(Lip2Mel, AveragesSeveralDraws) {
  Lip2Mel network = calm_network(/*frames_per_step=*/4);
  const Tensor faces = random_faces(1, 6), lengths = true_lengths({6});

  const Tensor one = network->generate(faces, lengths, {}).mel;
  const Tensor four = network->generate(faces, lengths, {.draws = 4}).mel;

  EXPECT_EQ(four.sizes(), one.sizes());
  EXPECT_GT(greatest_difference(one, four), 1e-3);
}

TEST(Lip2Mel, GeneratesTheSameWhenGroupsOfFramesDoNotFit) {
  expect_same_alone_and_padded(/*frames_per_step=*/3);
}

TEST(Lip2Mel, TrainingLossDoesNotDependOnWhatPaddingHolds) {
  Lip2MelConfig config = tiny_network();
  config.encoder.dropout = 0;
  config.decoder.prenet_dropout = 0;
  config.decoder.lstm_dropout = 0;
  config.decoder.frames_per_step = 3;
  config.postnet.dropout = 0;
  torch::manual_seed(4);
  Lip2Mel network(config);
  const Tensor lengths = true_lengths({7, 4});
  const Tensor faces = random_faces(2, 7);
  const Tensor target = torch::randn({2, 28, 8});
  Tensor other_faces = faces.clone();
  other_faces[1].slice(1, 4).fill_(200);
  Tensor other_target = target.clone();
  other_target[1].slice(0, 16).fill_(-7);

  const auto loss = [&](const Tensor& seen, const Tensor& heard) {
    const auto output = network->forward(seen, lengths, heard, DecoderFeed::kTruth);
    return network->losses(output, lengths, heard, /*progress=*/0).total.item<double>();
  };

  EXPECT_NEAR(loss(faces, target), loss(other_faces, other_target), 1e-5);
}

TEST(Lip2Mel, EveryParameterGetsAGradient) {
  Lip2Mel network(tiny_network());
  const Tensor lengths = true_lengths({7, 4});
  const Tensor target = torch::randn({2, 28, 8});

  for (const auto& item : network->named_parameters())  // the postnet's last norm begins at zero
    if (item.key().starts_with("postnet") && item.key().ends_with(".1.weight"))
      item.value().data().fill_(1);

  const auto output = network->forward(random_faces(2, 7), lengths, target, DecoderFeed::kTruth);
  network->losses(output, lengths, target, /*progress=*/0).total.backward();

  for (const auto& item : network->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_GT(item.value().grad().abs().sum().item<float>(), 0) << item.key();
  }
}

TEST(Lip2Mel, MelStatisticsTravelWithTheWeights) {
  Lip2Mel network(tiny_network());
  const Tensor mean = torch::randn({8});
  const Tensor deviation = torch::rand({8}) + 0.5;
  network->set_mel_statistics(mean, deviation);
  const Tensor mel = torch::randn({2, 5, 8});

  EXPECT_TRUE(torch::equal(network->named_buffers()["mel_mean"], mean));
  EXPECT_TRUE(torch::equal(network->named_buffers()["mel_deviation"], deviation));
  EXPECT_LT(greatest_difference(network->normalize(mel), (mel - mean) / deviation), 1e-6);
  EXPECT_LT(greatest_difference(network->denormalize(network->normalize(mel)), mel), 1e-5);
}

TEST(Lip2MelLosses, AreMeansOverRealFramesOnly) {
  Lip2MelOutput output{.mel = torch::zeros({2, 4, 3}),
                       .mel_before = torch::zeros({2, 4, 3}),
                       .weights = torch::zeros({2, 2, 2})};
  Tensor target = torch::full({2, 4, 3}, 2.0);
  target[1].slice(0, 2).fill_(1000);
  output.mel[0].fill_(1);
  const ClipLengths lengths{
      .pictures = true_lengths({2, 1}), .mel = true_lengths({4, 2}), .steps = true_lengths({2, 1})};

  const Lip2MelLosses losses =
      lip2mel_losses(output, target, lengths, LossConfig{}, /*progress=*/1);

  // Of 6 real frames, 4 are wrong by 1 and 2 by 2 after the postnet; all are wrong by 2 before it.
  EXPECT_NEAR(losses.l1_after.item<double>(), 8.0 / 6, 1e-6);
  EXPECT_NEAR(losses.mse_after.item<double>(), 12.0 / 6, 1e-6);
  EXPECT_NEAR(losses.l1_before.item<double>(), 2, 1e-6);
  EXPECT_NEAR(losses.mse_before.item<double>(), 4, 1e-6);
  EXPECT_NEAR(losses.total.item<double>(), 2 + 8.0 / 6 + 0.5 * (4 + 2), 1e-5);
}

TEST(Lip2MelLosses, GuideIsFreeOnTheDiagonalAndFadesAway) {
  Lip2MelOutput output{.mel = torch::zeros({1, 4, 3}),
                       .mel_before = torch::zeros({1, 4, 3}),
                       .weights = torch::eye(4).unsqueeze(0)};
  const Tensor target = torch::zeros({1, 4, 3});
  const ClipLengths lengths{
      .pictures = true_lengths({4}), .mel = true_lengths({4}), .steps = true_lengths({4})};
  const auto total = [&](double progress) {
    return lip2mel_losses(output, target, lengths, LossConfig{}, progress).total.item<double>();
  };
  EXPECT_EQ(total(0), 0);

  output.weights = output.weights.flip(1);
  // 1 - exp(-d^2 / (2 * 0.2^2)) for d = 3/4, 1/4, 1/4, 3/4, by hand: mean of 0.999116, 0.542167.
  EXPECT_NEAR(total(0), 0.770641, 1e-5);
  EXPECT_NEAR(total(0.25), 0.770641 / 2, 1e-5);
  EXPECT_EQ(total(0.5), 0);
}

TEST(DiagonalCosts, AreZeroOnPadding) {
  const Tensor costs = diagonal_costs(true_lengths({4, 2}), true_lengths({6, 3}), 0.2);

  EXPECT_EQ(costs.sizes(), (std::vector<std::int64_t>{2, 4, 6}));
  EXPECT_EQ(costs[1].slice(0, 2).sum().item<float>(), 0);
  EXPECT_EQ(costs[1].slice(1, 3).sum().item<float>(), 0);
  EXPECT_GT(costs[1][1][0].item<float>(), 0);
}

/// Two clips in which a bright bar wanders over the picture; its row says which band sounds.
struct WanderingBars {
  Tensor faces = torch::zeros({2, 1, 12, 16, 16}, torch::kByte);
  Tensor mel = torch::full({2, 48, 8}, -0.5);
  Tensor lengths = torch::tensor({12, 10}, torch::kLong);

  WanderingBars() {
    for (std::int64_t clip = 0; clip < 2; ++clip)
      for (std::int64_t t = 0; t < lengths[clip].item<std::int64_t>(); ++t) {
        const std::int64_t band = clip == 0 ? (t * 3) % 8 : (t * 5 + 2) % 8;
        faces[clip][0][t].slice(0, 2 * band, 2 * band + 2).fill_(255);
        mel[clip].slice(0, 4 * t, 4 * t + 4).select(1, band).fill_(2);
      }
  }
};

/// Mean distance, in pictures, of the most attended picture from the one that each step belongs to.
double distance_from_diagonal(const Tensor& weights, std::int64_t pictures) {
  const Tensor attended = weights.slice(0, 0, pictures).argmax(1);
  return (attended - torch::arange(pictures)).abs().to(torch::kDouble).mean().item<double>();
}

TEST(Lip2MelLearns, TwoClipsByHeart) {
  torch::manual_seed(6);
  const WanderingBars clips;
  Lip2MelConfig config = tiny_network();
  config.encoder.dropout = 0;
  config.postnet.dropout = 0;
  Lip2Mel network(config);
  torch::optim::Adam optimizer(network->parameters(), torch::optim::AdamOptions(5e-3));

  constexpr int kSteps = 200;
  for (int step = 0; step < kSteps; ++step) {
    const auto feed = step % 2 == 0 ? DecoderFeed::kTruth : DecoderFeed::kOwnOutput;
    const auto output = network->forward(clips.faces, clips.lengths, clips.mel, feed);
    optimizer.zero_grad();
    network->losses(output, clips.lengths, clips.mel, static_cast<double>(step) / kSteps)
        .total.backward();
    torch::nn::utils::clip_grad_norm_(network->parameters(), 1.0);
    optimizer.step();
  }

  network->eval();
  const Lip2MelOutput output = network->generate(clips.faces, clips.lengths, {});
  const auto losses = network->losses(output, clips.lengths, clips.mel, /*progress=*/1);
  // A mel that is everywhere the mean of its bands has L1 0.55.
  EXPECT_LT(losses.l1_after.item<double>(), 0.15);
  EXPECT_LT(distance_from_diagonal(output.weights[0], 12), 1.5);
  EXPECT_LT(distance_from_diagonal(output.weights[1], 10), 1.5);
}

}  // namespace
}  // namespace lipsound2::lip2mel
