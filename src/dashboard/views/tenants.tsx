import { Card, Loading, View } from './parts.js';

/** Who asks, and how much. */
export function Tenants() {
  return (
    <View name="tenants" title="Tenants">
      <Card title="Tenants" note="today, UTC" id="tenants-table">
        <Loading />
      </Card>
    </View>
  );
}
