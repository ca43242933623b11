#include "lipsound2/lip2mel/decoder.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "lip2mel/decoder_cases.h"

namespace lipsound2::lip2mel {
namespace {

TEST(Decoder, NamesItsParametersAsTacotron2Does) {
  std::vector<std::string> names;
  for (const auto& item : Decoder(tiny_decoder_config(), 6)->named_parameters())
    names.push_back(item.key());
  EXPECT_THAT(
      names,
      testing::ElementsAre("prenet.layers.0.linear_layer.weight",
                           "prenet.layers.1.linear_layer.weight",
                           "attention_rnn.weight_ih",
                           "attention_rnn.weight_hh",
                           "attention_rnn.bias_ih",
                           "attention_rnn.bias_hh",
                           "attention_layer.query_layer.linear_layer.weight",
                           "attention_layer.memory_layer.linear_layer.weight",
                           "attention_layer.v.linear_layer.weight",
                           "attention_layer.location_layer.location_conv.conv.weight",
                           "attention_layer.location_layer.location_dense.linear_layer.weight",
                           "decoder_rnn.weight_ih",
                           "decoder_rnn.weight_hh",
                           "decoder_rnn.bias_ih",
                           "decoder_rnn.bias_hh",
                           "linear_projection.linear_layer.weight",
                           "linear_projection.linear_layer.bias"));
}

TEST(Decoder, AttentionSumsToOneAndVanishesOnPadding) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto output = decoder->forward(
      torch::randn({2, 9, 18}), lengths_of({9, 4}), torch::randn({2, 12, 3}), DecoderFeed::kTruth);
  EXPECT_EQ(output.weights.sizes(), at::IntArrayRef({2, 6, 9}));
  EXPECT_LT((output.weights.sum(2) - 1).abs().max().item<float>(), 1e-6);
  EXPECT_EQ(output.weights[1].slice(1, 4).abs().max().item<float>(), 0);
}

TEST(Decoder, TargetReachesTheMelOnlyWhenFedTheTruth) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({1, 9, 18});
  const auto mel = [&](double target, DecoderFeed feed) {
    return decoder->forward(memory, lengths_of({9}), torch::full({1, 8, 3}, target), feed).mel;
  };
  EXPECT_TRUE(torch::equal(mel(0, DecoderFeed::kOwnOutput), mel(9, DecoderFeed::kOwnOutput)));
  EXPECT_FALSE(torch::equal(mel(0, DecoderFeed::kTruth), mel(9, DecoderFeed::kTruth)));
}

TEST(Decoder, HearsOnlyTheLastFrameOfThePreviousGroups) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({1, 9, 18});
  auto target = torch::randn({1, 8, 3});
  const auto mel = [&] {
    return decoder->forward(memory, lengths_of({9}), target, DecoderFeed::kTruth).mel;
  };
  const auto before = mel();
  target[0][2].fill_(7);  // the first frame of the second group
  EXPECT_TRUE(torch::equal(mel(), before));
  target[0][3].fill_(7);  // its last
  EXPECT_TRUE(torch::equal(mel().slice(1, 0, 4), before.slice(1, 0, 4)));
  EXPECT_FALSE(torch::equal(mel().slice(1, 4, 6), before.slice(1, 4, 6)));
}

TEST(Decoder, FreeTrainingWithoutDropoutEqualsGenerating) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config(), 18);
  const auto memory = torch::randn({2, 9, 18});
  const auto lengths = lengths_of({9, 4});
  const auto trained =
      decoder->forward(memory, lengths, torch::zeros({2, 12, 3}), DecoderFeed::kOwnOutput);
  const auto generated = decoder->generate(memory, lengths, 6, 1);
  EXPECT_TRUE(torch::equal(generated.mel, trained.mel.detach()));
  EXPECT_TRUE(torch::equal(generated.weights, trained.weights.detach()));
  EXPECT_FALSE(generated.mel.requires_grad());
}

DecoderConfig odd_decoder_config_with_dropout() {
  auto config = odd_decoder_config();
  config.prenet_dropout = 0.5;
  config.lstm_dropout = 0.1;
  return config;
}

TEST(Decoder, GeneratesTheSameMelForAClipAloneAndPaddedInABatch) {
  torch::manual_seed(5);
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto clip = torch::randn({1, 7, 18});
  auto batch = torch::randn({3, 12, 18});
  batch[2].slice(0, 0, 7).copy_(clip[0]);
  const auto alone = decoder->generate(clip, lengths_of({7}), 10, 1);
  const auto padded = decoder->generate(batch, lengths_of({12, 9, 7}), 14, 1);
  EXPECT_LT(largest_difference(padded.mel[2].slice(0, 0, 20), alone.mel[0]), 1e-5);
  EXPECT_LT(largest_difference(padded.weights[2].slice(0, 0, 10).slice(1, 0, 7), alone.weights[0]),
            1e-5);
}

TEST(Decoder, GeneratesTheSameTwiceWhateverTheGlobalSeed) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto memory = torch::randn({1, 9, 18});
  torch::manual_seed(1);
  const auto first = decoder->generate(memory, lengths_of({9}), 6, 1).mel;
  torch::manual_seed(2);
  EXPECT_TRUE(torch::equal(decoder->generate(memory, lengths_of({9}), 6, 1).mel, first));
}

TEST(Decoder, EachDrawHasItsOwnDropout) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto clip = torch::randn({1, 9, 18});
  const auto one = decoder->generate(clip, lengths_of({9}), 6, 1).mel;
  const auto two = decoder->generate(clip.repeat({2, 1, 1}), lengths_of({9, 9}), 6, 2).mel;
  EXPECT_LT(largest_difference(two[0], one[0]), 1e-5);
  EXPECT_GT(largest_difference(two[1], one[0]), 1e-3);
}

TEST(Decoder, TrainingDropoutFollowsTheGlobalSeed) {
  Decoder decoder(odd_decoder_config_with_dropout(), 18);
  const auto memory = torch::randn({1, 9, 18});
  const auto target = torch::randn({1, 8, 3});
  const auto mel = [&](std::uint64_t seed) {
    torch::manual_seed(seed);
    return decoder->forward(memory, lengths_of({9}), target, DecoderFeed::kTruth).mel;
  };
  EXPECT_TRUE(torch::equal(mel(1), mel(1)));
  EXPECT_FALSE(torch::equal(mel(1), mel(2)));
}

TEST(Decoder, RefusesWrongShapesAndLengths) {
  Decoder decoder(tiny_decoder_config(), 6);
  const auto memory = torch::randn({2, 7, 6});
  const auto target = torch::randn({2, 8, 3});
  const auto feed = DecoderFeed::kTruth;
  EXPECT_THROW(decoder->forward(torch::randn({2, 7, 5}), lengths_of({7, 7}), target, feed),
               c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 8}), target, feed), c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 0}), target, feed), c10::Error);
  EXPECT_THROW(decoder->forward(memory, lengths_of({7, 7}), torch::randn({2, 7, 3}), feed),
               c10::Error);
  EXPECT_THROW(decoder->generate(memory, lengths_of({7, 7}), 0, 1), c10::Error);
}

}  // namespace
}  // namespace lipsound2::lip2mel
